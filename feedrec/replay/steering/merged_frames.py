"""How far several timelines are played together, in the order of steady time. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from ..clock.time_types import RecordedSteady
from ..timeline.frame_batches import FrameBatch
from .limit import Limit, Ties

__all__ = ["Track", "pass_frames"]


class Track:
    """
    A timeline, and how much of it is past.

    Attributes:
        batch: The batch that is played; None before the first one.
        past: How many of its frames are past.
        is_over: Whether there is no frame any more.

    """

    def __init__(self) -> None:
        self.batch: FrameBatch | None = None
        self.past = 0
        self.is_over = False
        self._ties = Ties()

    @property
    def times(self) -> Sequence[RecordedSteady]:
        """The times of the batch."""
        return () if self.batch is None else self.batch.times

    @property
    def must_read(self) -> bool:
        """Whether it must be read on to know its next frame."""
        return not self.is_over and self.past == len(self.times)

    @property
    def last(self) -> Limit | None:
        """The limit right after the last frame that is past; None if there is none."""
        return self._ties.at(self.past)

    @property
    def last_before_batch(self) -> Limit | None:
        """The same for the frames before the batch."""
        return self._ties.at(0)

    def between(self, start: RecordedSteady, end: RecordedSteady) -> Sequence[RecordedSteady]:
        """Return the times of frames that are to be played, or were, after `start` and up to `end`."""
        first = 0 if self.batch is None else self.batch.first
        return self.times[bisect_right(self.times, start, first) : bisect_right(self.times, end, first)]

    def go_on(self, batch: FrameBatch | None) -> None:
        """Go on with the next batch; None at the end."""
        if batch is None:
            self.is_over = True
            return
        self._ties.begin(batch.times)
        self.batch, self.past = batch, batch.first


def pass_frames(tracks: Sequence[Track], most: int | None = None, until: RecordedSteady | None = None) -> int:
    """
    Pass the next frames, as far as they are known: in the order of (time, track).

    Args:
        tracks: The timelines.
        most: How many frames at most; None for any number.
        until: The steady time up to which they are passed, exclusive; None for any.

    Returns:
        How many it were.

    """
    passed = 0
    while most is None or passed < most:
        if any(track.must_read for track in tracks):
            break
        heads = sorted((track.times[track.past], number) for number, track in enumerate(tracks) if not track.is_over)
        if not heads:
            break
        number = heads[0][1]
        times, past = tracks[number].times, tracks[number].past
        end = len(times)
        if heads[1:]:
            time, other = heads[1]
            end = (bisect_right if number < other else bisect_left)(times, time, past)
        if until is not None:
            end = min(end, bisect_left(times, until, past))
        if most is not None:
            end = min(end, past + most - passed)
        if end == past:
            break
        passed += end - past
        tracks[number].past = end
    return passed
