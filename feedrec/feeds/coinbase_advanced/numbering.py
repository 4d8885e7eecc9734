"""
The numbers that frames have for one client, where the recorded ones are more, or fewer, than it gets.

1. A frame in its recorded order has the client's next number, whatever its own is.
2. Where the recording has a gap, the client's numbers have the same gap.
3. A frame out of order has the number of its place: the one that the gap left for it, that of the frame which it
   repeats, or one as far from the next as its own is from the expected one. The next frame is numbered as if it had not
   been there.
   But where the recording was made of several, its holes are no gaps: the client's numbers have none.
4. Where the recorded count begins anew (a reset, see feeds/sequence.py), so do the client's numbers, as far back or
   ahead, but never below 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import compress
from operator import attrgetter

from ...model import Frame, FrameInfo
from ..sequence import ContiguousSequence, Gap, Reset
from .answers import renumbered_all
from .frames import sequences_of

__all__ = ["RecordedCount", "numbered_passage"]

_PLACES = 100
"""Recorded numbers of which the client's is remembered."""

_conn, _is_synthetic = attrgetter("conn"), attrgetter("synthetic")


class RecordedCount(ContiguousSequence):
    """
    The count of one recorded connection.

    Args:
        is_sparse: Whether a hole in it is no gap.

    Attributes:
        places: The client's numbers in place of the last recorded ones, up to `expected`: those that it had or would
            have had.
        suspect_place: The client's number in place of that of the last frame out of order.
        after_suspect: The client's next number if the count began anew there.

    """

    def __init__(self, *, is_sparse: bool = False) -> None:
        super().__init__(None)
        self._is_sparse = is_sparse
        self.places: deque[int] = deque(maxlen=_PLACES)
        self.suspect_place = 0
        self.after_suspect = 0

    def take(self, recorded: int, following: int) -> tuple[int, int | None]:
        """
        Take a recorded number that is not the expected one.

        Args:
            recorded: The number.
            following: The client's next number so far.

        Returns:
            The client's next number, and the number for this frame alone if it is out of order.

        """
        is_first = self.expected is None
        if self._is_sparse and not is_first and recorded > (self.expected or 0):
            self.expected, is_first = None, True  # the count goes on from here
            self.places.clear()
        found = self.observe(recorded)
        if found is None and not is_first:
            self.suspect_place = self._place_of(recorded, following)
            return following, self.suspect_place
        if isinstance(found, Gap):
            self.places.extend(range(following + max(0, found.missing - _PLACES), following + found.missing))
            following += found.missing
        elif isinstance(found, Reset):
            self.places.clear()
            self.places.append(self.suspect_place)
            following = self.after_suspect
        self.places.append(following)
        return following, None

    def pass_on(self, messages: Sequence[bytes | None], following: int) -> int:
        """
        Take recorded numbers that are the expected ones.

        Args:
            messages: What the client gets for each, None for nothing.
            following: The client's next number so far.

        Returns:
            The client's next number.

        """
        if self.expected is not None:
            self.expected += len(messages)
        add = self.places.append
        for message in messages:
            add(following)
            if message is not None:
                following += 1
        return following

    def _place_of(self, recorded: int, following: int) -> int:
        """Return the client's number in place of a recorded one that is not the expected one."""
        behind = (self.expected or 0) - recorded
        if 0 < behind <= len(self.places):
            return self.places[-behind]
        if behind > 0 and self.places:
            return max(0, self.places[0] - (behind - len(self.places)))
        return max(0, following - behind)


def numbered_passage(
    frames: Sequence[Frame],
    infos: Sequence[FrameInfo],
    taken: Callable[[Sequence[Frame], Sequence[FrameInfo]], Sequence[bool]],
    following: int,
) -> list[bytes | None]:
    """
    Return what a client gets of recorded frames, numbered, up to the first that is not the next of its connection.

    Args:
        frames: The frames, at least one.
        infos: What they are.
        taken: Tells of each of many frames whether the client gets it.
        following: The client's next number.

    Returns:
        For each frame up to there what the client gets, None for nothing.

    """
    count, first = _next_in_order(frames, infos)
    if first is None or not count:
        return []
    are_taken = taken(frames[:count], infos[:count])
    recorded = list(compress(range(first, first + count), are_taken))
    payloads = [frame.payload for frame in compress(frames, are_taken)]
    messages = renumbered_all(payloads, recorded, range(following, following + len(payloads)))
    if len(messages) == count:
        return list(messages)
    left = iter(messages)
    return [next(left) if is_taken else None for is_taken in are_taken]


def _next_in_order(frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> tuple[int, int | None]:
    """Return how many frames of one connection are numbered without a gap, and the number of the first."""
    sequences, conn = sequences_of(infos), frames[0].conn
    first = sequences[0]
    if first is None:
        return 0, None
    expected = range(first, first + len(frames))
    is_whole = sequences == list(expected) and not any(map(_is_synthetic, frames))
    if is_whole and list(map(_conn, frames)).count(conn) == len(frames):
        return len(frames), first
    found = zip(frames, sequences, expected, strict=True)
    odd = (frame.conn != conn or frame.synthetic or number != right for frame, number, right in found)
    return next((place for place, is_odd in enumerate(odd) if is_odd), len(frames)), first
