"""Lines at steady times: everything else about them stays."""

from __future__ import annotations

from feedrec.formats.file.recording import DecodedBatch
from feedrec.formats.line.steady_clock import SteadyClock
from feedrec.formats.tools.moments import Ends, at_steady_times, steady_times_of
from feedrec.model import Frame, Record

from ...set_clocks import HOUR, SECOND, Steps, recorded, wall_at


def batch_of(records: list[Record]) -> DecodedBatch:
    frames = [one for one in records if isinstance(one, Frame)]
    numbers = [number for number, one in enumerate(records) if not isinstance(one, Frame)]
    places = [number - before for before, number in enumerate(numbers)]
    return DecodedBatch([], frames, [], [records[number] for number in numbers], places)


def test_times_become_steady_where_the_clock_was_set() -> None:
    batch = batch_of(recorded([0, SECOND, 2 * SECOND], {SECOND: -HOUR}))
    steady = at_steady_times(batch, SteadyClock())
    assert [frame.time for frame in steady.frames] == [wall_at(second * SECOND, {}) for second in range(3)]
    assert [frame.payload for frame in steady.frames] == [frame.payload for frame in batch.frames]
    assert [other.time for other in steady.others] == [wall_at(0, {}), wall_at(SECOND, {})]
    walls = [batch.frames[2].time, batch.others[1].time]
    assert steady_times_of(walls, batch, steady) == [wall_at(2 * SECOND, {}), wall_at(SECOND, {})]


def test_where_it_was_not_set_nothing_is_copied() -> None:
    batch = batch_of(recorded([0, SECOND], {}))
    steady = at_steady_times(batch, SteadyClock())
    assert steady.frames is batch.frames
    assert steady.others is batch.others
    assert steady_times_of([5], batch, steady) == [5]


def test_the_ends_are_the_first_and_the_last_by_steady_time_with_their_wall_times() -> None:
    steps: Steps = {SECOND: -HOUR}
    batch = batch_of(recorded([0, SECOND, 2 * SECOND], steps))
    steady = at_steady_times(batch, SteadyClock())
    ends, whole = Ends(), Ends()
    ends.add(batch.frames, steady.frames)
    ends.add([], [])
    whole.join(Ends())
    whole.join(ends)
    assert whole.first == (wall_at(0, {}), wall_at(0, steps))
    assert whole.last == (wall_at(2 * SECOND, {}), wall_at(2 * SECOND, steps))
