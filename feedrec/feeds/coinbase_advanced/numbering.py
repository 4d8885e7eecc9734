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
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from operator import attrgetter

from ...model import NANOSECONDS, Frame, FrameInfo
from ..sequence import ContiguousSequence, Gap, Reset
from .answers import renumbered_all
from .frames import sequences_of

__all__ = ["RecordedCount", "expected_numbers", "numbered_passage", "pass_on"]

_PLACES = 100
"""Recorded numbers of which the client's is remembered."""

_LATELY = 60 * NANOSECONDS  # recorded time, after which a connection is taken to be over: heartbeats come each second

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
        time: When its last frame was recorded, in nanoseconds.

    """

    def __init__(self, *, is_sparse: bool = False) -> None:
        super().__init__(None)
        self._is_sparse = is_sparse
        self.places: deque[int] = deque(maxlen=_PLACES)
        self.suspect_place = 0
        self.after_suspect = 0
        self.time = 0

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

    def _place_of(self, recorded: int, following: int) -> int:
        """Return the client's number in place of a recorded one that is not the expected one."""
        behind = (self.expected or 0) - recorded
        if 0 < behind <= len(self.places):
            return self.places[-behind]
        if behind > 0 and self.places:
            return max(0, self.places[0] - (behind - len(self.places)))
        return max(0, following - behind)


def expected_numbers(counts: Mapping[int, RecordedCount], time: int) -> dict[int, int | None]:
    """Return the next numbers of the connections that were heard of lately; of others, frames are no passage."""
    return {conn: count.expected for conn, count in counts.items() if count.time > time - _LATELY}


def pass_on(
    counts: Mapping[int, RecordedCount], frames: Sequence[Frame], messages: Sequence[bytes | None], following: int
) -> int:
    """
    Take recorded numbers that are the expected ones.

    Args:
        counts: Those of the connections.
        frames: The frames that have the numbers.
        messages: What the client gets for each, None for nothing.
        following: The client's next number so far.

    Returns:
        The client's next number.

    """
    for frame, message in zip(frames, messages, strict=True):
        count = counts[frame.conn]
        count.expected = (count.expected or 0) + 1
        count.places.append(following)
        count.time = frame.time
        if message is not None:
            following += 1
    return following


def numbered_passage(
    frames: Sequence[Frame],
    infos: Sequence[FrameInfo],
    taken: Callable[[Sequence[Frame], Sequence[FrameInfo]], Sequence[bool]],
    following: int,
    counts: Mapping[int, RecordedCount],
) -> list[bytes | None]:
    """
    Return what a client gets of recorded frames, numbered, up to the first that is not the next of its connection.

    Args:
        frames: The frames, at least one.
        infos: What they are.
        taken: Tells of each of many frames whether the client gets it.
        following: The client's next number.
        counts: Those of the connections.

    Returns:
        For each frame up to there what the client gets, None for nothing.

    """
    numbers = _in_order(frames, infos, expected_numbers(counts, frames[0].time))
    count = len(numbers)
    if not count:
        return []
    are_taken = taken(frames[:count], infos[:count])
    recorded = list(compress(numbers, are_taken))
    payloads = [frame.payload for frame in compress(frames, are_taken)]
    messages = renumbered_all(payloads, recorded, range(following, following + len(payloads)))
    if len(messages) == count:
        return list(messages)
    left = iter(messages)
    return [next(left) if is_taken else None for is_taken in are_taken]


def _in_order(frames: Sequence[Frame], infos: Sequence[FrameInfo], expected: Mapping[int, int | None]) -> Sequence[int]:
    """Return the numbers of the frames up to the first that has another one than the next of its connection."""
    sequences, conn = sequences_of(infos), frames[0].conn
    first = sequences[0]
    if first is not None and first == expected.get(conn):
        of_one = range(first, first + len(frames))
        is_whole = sequences == list(of_one) and not any(map(_is_synthetic, frames))
        if is_whole and list(map(_conn, frames)).count(conn) == len(frames):
            return of_one
    following, numbers = dict(expected), list[int]()
    for frame, number in zip(frames, sequences, strict=True):
        if number is None or frame.synthetic or number != following.get(frame.conn):
            break
        following[frame.conn] = number + 1
        numbers.append(number)
    return numbers
