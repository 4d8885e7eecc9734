"""Decoded lines at their steady times, so that all that is counted is about the time that passed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ...model import Record
from ..file.recording import DecodedBatch
from ..line.steady_clock import SteadyClock

__all__ = ["Ends", "Moment", "at_steady_times", "steady_times_of"]

Moment = tuple[int, int]
"""Steady time and wall time of something, in nanoseconds."""


class Ends(msgspec.Struct):
    """The first and the last moment of some records; None as long as there are none."""

    first: Moment | None = None
    last: Moment | None = None

    def add(self, records: Sequence[Record], at_steady: Sequence[Record]) -> None:
        """Add records, at their wall times and at their steady times."""
        if not records:
            return
        walls = [record.time for record in records]
        if records is at_steady:
            self._widen((min(walls), min(walls)), (max(walls), max(walls)))
        else:
            moments = list(zip([record.time for record in at_steady], walls, strict=True))
            self._widen(min(moments), max(moments))

    def join(self, other: Ends) -> None:
        """Add those of other records."""
        if other.first is not None and other.last is not None:
            self._widen(other.first, other.last)

    def _widen(self, first: Moment, last: Moment) -> None:
        self.first = first if self.first is None else min(first, self.first)
        self.last = last if self.last is None else max(last, self.last)


def at_steady_times(batch: DecodedBatch, clock: SteadyClock) -> DecodedBatch:
    """Return a batch with steady times in place of wall times; its lists are the same where no time differs."""
    times, other_times = clock.take_decoded(batch.frames, batch.others, batch.places)
    if times != [frame.time for frame in batch.frames]:
        pairs = zip(batch.frames, times, strict=True)
        batch = batch._replace(frames=[msgspec.structs.replace(frame, time=time) for frame, time in pairs])
    if other_times != [other.time for other in batch.others]:
        others = zip(batch.others, other_times, strict=True)
        batch = batch._replace(others=[msgspec.structs.replace(other, time=time) for other, time in others])
    return batch


def steady_times_of(walls: Sequence[int], batch: DecodedBatch, steady: DecodedBatch) -> Sequence[int]:
    """Return the steady times of some records of a batch, given their wall times and the batch at steady times."""
    if steady.frames is batch.frames and steady.others is batch.others:
        return walls
    pairs = (*zip(batch.frames, steady.frames, strict=True), *zip(batch.others, steady.others, strict=True))
    known = {record.time: at_steady.time for record, at_steady in pairs}
    return [known[wall] for wall in walls]
