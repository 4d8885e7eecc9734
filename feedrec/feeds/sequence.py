"""
The numbers that a venue gives its frames: what is missing between them, and where their count began anew.

1. The number that comes next is one more than the last one. A higher one reveals a gap: those between are missing.
2. A number that a gap left out, among the last hundred, is that of a frame that comes late. It is out of order, and
   still counts as missing: nobody could know that it would come.
3. Any other lower number, or one that is more than a million higher, is a suspect: the venue may have begun its count
   anew, or the number is odd, or the frame comes twice. The next number tells:

   - It is one more than the suspect's: the count began anew with the suspect (a reset), and goes on from there.
   - It is any other: the suspect was out of order, and the count goes on as if it had not come. A next one that does
     not fit either is a suspect itself, and takes the place of the one before.

   So a suspect that is the last frame of its connection is out of order, and so is a reset that lasted for one frame.
4. Where the two agree, nothing is wrong: a number that is repeated once more, or a count set back by one, is out of
   order, and the next frame has the number that was expected.
5. What is missing between a suspect and the next frame is not found: a reset begins where two numbers follow each
   other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ..model import FrameInfo, FrameInfos

__all__ = [
    "LARGEST_GAP",
    "ConnectionSequence",
    "ContiguousSequence",
    "Discontinuity",
    "Gap",
    "NoSequence",
    "Reset",
    "SequenceRule",
]

LARGEST_GAP = 1_000_000
"""Numbers that a gap leaves out at most; a number beyond that is no later number of the same count."""

_NEARBY = 100
"""Numbers below the next one of which it is remembered that they are missing."""


class Gap(msgspec.Struct, frozen=True):
    """Frames that the venue sent and that never arrived: `expected` came next, `received` came."""

    expected: int
    received: int

    @property
    def missing(self) -> int:
        """Frames lost."""
        return self.received - self.expected


class Reset(msgspec.Struct, frozen=True):
    """A count that began anew: `expected` came next, and the frame before the one that shows it had `received`."""

    expected: int
    received: int

    @property
    def missing(self) -> int:
        """Frames known to be lost: none."""
        return 0


Discontinuity = Gap | Reset


class SequenceRule(Protocol):
    """Finds, in the frames received on one connection, which ones are missing between them."""

    @property
    def out_of_order(self) -> int:
        """Frames seen whose number did not fit, if they are counted; they are not lost."""
        return 0

    def observe(self, info: FrameInfo) -> Discontinuity | None:
        """Take the description of a frame; return the gap before it, or the reset that it shows, if there is one."""


class NoSequence:
    """The rule for feeds that number nothing."""

    out_of_order = 0

    def observe(self, info: FrameInfo) -> Discontinuity | None:  # noqa: ARG002
        """Find no gap; see `SequenceRule`."""
        return None


class ContiguousSequence:
    """
    The rule for feeds whose sequence numbers grow by one per frame.

    Args:
        first: The number of the first frame; None if it may be any.

    Attributes:
        expected: The number that comes next; None as long as it may be any.
        out_of_order: Frames seen whose number did not fit; they are not lost.

    """

    def __init__(self, first: int | None = 0) -> None:
        self.expected = first
        self.out_of_order = 0
        self._late: set[int] = set()  # numbers nearby that are missing
        self._suspect = 0
        self._after_suspect: int | None = None
        self._suspected_at: int | None = None  # what was expected then: something else now means that it was odd

    def observe(self, sequence: int) -> Discontinuity | None:
        """Take the number of a frame; return the gap before it, or the reset that it shows, if there is one."""
        expected = self.expected
        if sequence == expected or expected is None:
            self.expected = sequence + 1
            return None
        if expected < sequence <= expected + LARGEST_GAP:
            return self._find_gap(expected, sequence)
        if sequence in self._late:
            self._late.discard(sequence)
            self._after_suspect = None
        elif sequence == self._after_suspect and expected == self._suspected_at:
            return self._begin_anew(expected, sequence + 1)
        else:
            self._suspect, self._after_suspect, self._suspected_at = sequence, sequence + 1, expected
        self.out_of_order += 1
        return None

    def _fill_after_suspect(self, number: int) -> None:
        """Take a number that was seen elsewhere, and that may belong to a count that begins anew."""
        if number == self._after_suspect:
            self._after_suspect = number + 1

    def _find_gap(self, expected: int, received: int) -> Gap:
        """Go on after a gap before a number that was received."""
        self.expected = received + 1
        nearby = max(expected, received - _NEARBY)
        self._late = {number for number in self._late if number >= received - _NEARBY} | set(range(nearby, received))
        return Gap(expected, received)

    def _begin_anew(self, before: int, expected: int) -> Reset:
        """Go on in the count that began with the suspect."""
        self.expected = expected
        self.out_of_order -= 1
        self._late.clear()
        self._after_suspect = None
        return Reset(before, self._suspect)


class ConnectionSequence:
    """The rule for feeds that number all frames of a connection, whatever the channel; `first` as for the numbers."""

    def __init__(self, first: int | None) -> None:
        self._numbers = ContiguousSequence(first)

    @property
    def out_of_order(self) -> int:
        """Frames seen whose number did not fit."""
        return self._numbers.out_of_order

    def observe(self, info: FrameInfo) -> Discontinuity | None:
        """Take what a frame is; see `SequenceRule`."""
        sequence, numbers = info.sequence, self._numbers
        if sequence is None:
            return None
        if sequence == numbers.expected:  # nearly always: spares a call for each frame
            numbers.expected = sequence + 1
            return None
        return numbers.observe(sequence)

    def passes(self, infos: Sequence[FrameInfo]) -> bool:
        """Observe frames if each has the number that comes next, and return whether that is so: fast, in one go."""
        expected = self._numbers.expected
        found = infos.sequences if isinstance(infos, FrameInfos) else [info.sequence for info in infos]
        if expected is None or found != list(range(expected, expected + len(infos))):
            return False
        self._numbers.expected = expected + len(infos)
        return True
