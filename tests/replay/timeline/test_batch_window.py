"""The window of decoded batches: every client takes every frame once, whatever the others do."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from feedrec.model import NANOSECONDS, Frame
from feedrec.replay.clock.time_types import RecordedSteady
from feedrec.replay.timeline.batch_window import BatchWindow, Cursor, Place
from feedrec.replay.timeline.frame_batches import FrameBatch

LIMIT = 100
LARGEST = 60


class Line(NamedTuple):
    """A received frame, and where it stands."""

    position: int
    frame: Frame


def lines_of(batches: list[FrameBatch]) -> list[Line]:
    """Return the frames with their positions; the frames of a batch follow each other, lines of other kinds after."""
    return [Line(batch.start + number, frame) for batch in batches for number, frame in enumerate(batch.frames)]


def times_of(frames: list[Frame], since: int = 0) -> list[RecordedSteady]:
    """Return steady times that never decrease."""
    return [
        RecordedSteady(time) for time in itertools.accumulate((frame.time for frame in frames), max, initial=since)
    ][1:]


def frames_of(batch: FrameBatch) -> list[Frame]:
    return batch.frames[batch.first :]


@st.composite
def timelines(draw: st.DrawFn, *, steps_back: bool = False) -> list[FrameBatch]:
    """Batches of frames with payloads that tell their number, and other lines between them."""
    batches: list[FrameBatch] = []
    position = time = number = latest = 0
    for _ in range(draw(st.integers(0, 25))):
        frames = []
        for _ in range(draw(st.integers(1, 4))):
            time = max(0, time + draw(st.integers(-3 if steps_back else 0, 3)))
            frames.append(Frame(time, 0, b"%d" % number + b"x" * draw(st.integers(0, LARGEST // 4 - 3))))
            number += 1
        end = position + len(frames) + draw(st.integers(0, 2))
        batches.append(FrameBatch(position, end, frames, times_of(frames, latest), []))
        latest = batches[-1].times[-1]
        position = end
    return batches


def read_alone(batches: list[FrameBatch], place: Place) -> list[Frame]:
    """Return what a client reads by itself, as `FrameStream` does."""
    lines = lines_of(batches)
    latest = itertools.accumulate((line.frame.time for line in lines), max)
    start = 0 if place.start is None else sum(time < place.start for time in latest)
    return [line.frame for line in lines[start:] if line.position >= place.position]


class Client:
    """Takes frames from the window as long as it may, then by itself."""

    def __init__(self, reading: Reading, start: RecordedSteady | None) -> None:
        self.start = start
        self.taken: list[Frame] = []
        self._reading = reading
        self._cursor = reading.window.join(start)
        self._own: Iterator[Frame] | None = None
        if self._cursor is None:
            self._own = iter(read_alone(reading.batches, Place(start)))

    def take(self) -> bool:
        """Take the next frames; whether there were any."""
        cursor = self._cursor
        if self._own is None and cursor is not None and cursor.is_cut_loose:
            self._own = iter(read_alone(self._reading.batches, cursor.place))
        if self._own is not None or cursor is None:
            frames = list(itertools.islice(self._own or (), 1))
        else:
            frames = self._reading.next_frames(cursor)
        self.taken += frames
        return bool(frames)

    def leave(self) -> None:
        if self._cursor is not None:
            self._reading.window.leave(self._cursor)


class Reading:
    """Reads on whenever somebody comes to the end of the window."""

    def __init__(self, batches: list[FrameBatch], start: RecordedSteady | None = None) -> None:
        self.batches = batches
        self.window = BatchWindow(Place(start), LIMIT)
        self._rest = iter(batches)

    def next_frames(self, cursor: Cursor) -> list[Frame]:
        while (batch := self.window.take(cursor)) is None:
            decoded = next(self._rest, None)
            if decoded is None:
                return []
            self.window.append(decoded)
            # The newest, and one that is being played.
            assert self.window.size <= max(LIMIT, self.window.keep) + 2 * LARGEST
        return frames_of(batch)


actions = st.lists(st.tuples(st.sampled_from(["take", "take", "take", "come", "leave"]), st.integers(0, 5)))


def played(
    batches: list[FrameBatch], order: list[tuple[str, int]], starts: Iterator[RecordedSteady | None]
) -> list[Client]:
    """Let clients come, take and leave in some order; then let those who stayed take all that is left."""
    reading = Reading(batches)
    clients = [Client(reading, None)]
    left: list[Client] = []
    for action, which in order:
        if action == "come":
            clients.append(Client(reading, next(starts)))
        elif action == "take" and clients:
            clients[which % len(clients)].take()
        elif action == "leave" and len(clients) > 1:
            left.append(clients.pop(which % len(clients)))
            left[-1].leave()
    for client in clients:
        while client.take():
            pass
    assert all(is_beginning_of(client.taken, expected(batches, client.start)) for client in left)
    return clients


def expected(batches: list[FrameBatch], start: RecordedSteady | None) -> list[Frame]:
    return read_alone(batches, Place(start))


def is_beginning_of(some: list[Frame], whole: list[Frame]) -> bool:
    return whole[: len(some)] == some


@given(timelines(), actions, st.lists(st.none() | st.builds(RecordedSteady, st.integers(0, 60))))
def test_every_client_takes_every_frame_from_where_it_joined(
    batches: list[FrameBatch], order: list[tuple[str, int]], starts: list[RecordedSteady | None]
) -> None:
    """Once, in order, whatever the order in which they come, take and leave, cut loose or not."""
    for client in played(batches, order, itertools.cycle([*starts, None])):
        assert client.taken == expected(batches, client.start)


@given(timelines(steps_back=True), actions)
def test_a_clock_that_steps_back_loses_and_doubles_nothing(
    batches: list[FrameBatch], order: list[tuple[str, int]]
) -> None:
    for client in played(batches, order, itertools.repeat(None)):
        assert client.taken == expected(batches, None)


@given(timelines(), st.integers(0, 60), st.sampled_from([0, LIMIT, 1000 * LIMIT]))
def test_a_client_goes_on_where_it_was_cut_loose_if_the_window_has_that(
    batches: list[FrameBatch], taken: int, keep: int
) -> None:
    """With every frame from there on, once; what was kept from the beginning is there for it."""
    reading = Reading(batches)
    reading.window.keep = keep
    cursor = reading.window.join(None)
    assert cursor is not None
    places = [cursor.place]
    while taken and (frames := reading.next_frames(cursor)):
        places.append(cursor.place)
        taken -= min(taken, len(frames))
    others = [reading.window.join_at(place) for place in places]
    assert others[-1] is not None
    assert None not in others or keep < 1000 * LIMIT
    for place, other in zip(places, others, strict=True):
        if other is None or other.is_cut_loose:
            continue
        rest: list[Frame] = []
        while frames := reading.next_frames(other):
            rest += frames
        assert rest == read_alone(batches, place)
        reading.window.leave(other)


def test_no_client_goes_on_amid_a_batch_or_before_the_window() -> None:
    window = BatchWindow(Place(RecordedSteady(1), 3), LIMIT)
    assert window.join(None) is None
    assert window.join(RecordedSteady(1)) is None
    assert window.join_at(Place(RecordedSteady(0), 2)) is None
    assert window.join_at(Place(RecordedSteady(1), 4)) is None
    cursor = window.join_at(Place(RecordedSteady(1), 3))
    assert cursor is not None
    window.append(batch_at(1))
    window.append(batch_at(2))
    assert window.join_at(Place(RecordedSteady(10), 5)) is None
    assert window.join_at(Place(RecordedSteady(11), 6)) is not None
    assert window.take(cursor) == batch_at(1)


def test_no_client_goes_on_in_a_window_that_begins_at_a_later_time() -> None:
    """What was recorded between its place and that time was never read there."""
    window = BatchWindow(Place(RecordedSteady(30)), LIMIT)
    window.join(RecordedSteady(30))
    assert window.join_at(Place(RecordedSteady(11), 6)) is None
    window.append(batch_at(3))
    assert window.join_at(Place(RecordedSteady(11), 6)) is None
    cursor = window.join_at(Place(RecordedSteady(21), 9))
    assert cursor is not None
    assert window.take(cursor) == batch_at(3)


def batch_at(number: int, size: int = 10) -> FrameBatch:
    """Make a batch of two frames, at times 20 and 21 for the second one, after an event."""
    frames = [Frame(10 * number + part, 0, b"x" * (size // 2)) for part in range(2)]
    return FrameBatch(3 * number, 3 * number + 3, frames, times_of(frames), [])


def test_what_everybody_has_played_is_not_kept() -> None:
    """One that plays a batch may still be joined in it."""
    window = BatchWindow(Place(None), LIMIT)
    cursor, other = window.join(None), window.join(None)
    assert cursor is not None
    assert other is not None
    for number in range(3):
        window.append(batch_at(number))
        window.take(cursor)
    assert window.size == 30
    window.take(other)
    assert window.size == 30
    window.take(other)
    assert window.size == 20
    window.leave(other)
    assert window.size == 10


def test_a_client_joins_within_the_batch_that_is_played() -> None:
    """Its frames before the time are past, but it is told of them: they belong to the state as of then."""
    window = BatchWindow(Place(None), LIMIT)
    early = window.join(None)
    assert early is not None
    for number in range(3):
        window.append(batch_at(number))
        window.take(early)
    late = window.join(RecordedSteady(21))
    assert late is not None
    assert window.take(late) == batch_at(2)._replace(first=1)
    assert window.take(late) is None
    ahead = window.join(RecordedSteady(35))
    assert ahead is not None
    window.append(batch_at(3))
    window.append(batch_at(4))
    assert window.take(ahead) == batch_at(4)


def test_a_client_that_joined_takes_frames_of_a_clock_that_steps_back() -> None:
    """Only what is before its first frame is past."""
    window = BatchWindow(Place(None), LIMIT)
    window.append(batch_at(0))
    cursor = window.join(RecordedSteady(20))
    assert cursor is not None
    for number in (1, 2, 1):
        window.append(batch_at(number))
    assert [window.take(cursor) for _ in range(3)] == [batch_at(2), batch_at(1), None]


def test_who_would_join_far_beyond_what_was_read_cannot() -> None:
    """It would have to wait until all in between was read; reading anew from there on takes no time."""
    window = BatchWindow(Place(None), LIMIT)
    assert window.join(RecordedSteady(21)) is None  # where the beginning is, nobody knows
    window.append(batch_at(0))
    second = NANOSECONDS + batch_at(0).times[-1]
    assert window.join(RecordedSteady(second + 1)) is None
    assert window.join(RecordedSteady(second)) is not None
    begun = BatchWindow(Place(RecordedSteady(5)), LIMIT)
    assert begun.join(RecordedSteady(5 + NANOSECONDS)) is not None
    assert begun.join(RecordedSteady(6 + NANOSECONDS)) is None


def test_who_would_join_before_the_window_cannot() -> None:
    window = BatchWindow(Place(RecordedSteady(5)), LIMIT)
    assert window.join(None) is None
    assert window.join(RecordedSteady(4)) is None
    early = window.join(RecordedSteady(5))
    assert early is not None
    for number in range(1, 4):
        window.append(batch_at(number))
        window.take(early)
    assert window.join(RecordedSteady(5)) is None
    assert window.join(RecordedSteady(21)) is None
    assert window.join(RecordedSteady(22)) is not None


def test_who_is_too_far_behind_is_cut_loose_with_its_place() -> None:
    """The newest batch does not count: it is for all of them to take."""
    window = BatchWindow(Place(None), LIMIT)
    ahead, behind, waiting = (window.join(None) for _ in range(3))
    assert ahead is not None
    assert behind is not None
    assert waiting is not None
    window.append(batch_at(0))
    window.take(ahead)
    window.take(behind)
    for number in range(1, 12):
        assert not behind.is_cut_loose
        window.append(batch_at(number))
        window.take(ahead)
    assert not behind.is_cut_loose
    assert waiting.is_cut_loose
    window.append(batch_at(12))
    assert behind.is_cut_loose
    assert behind.place == Place(RecordedSteady(1), 3)
    assert waiting.place == Place(None, 0)
    assert not ahead.is_cut_loose


def test_a_large_batch_cuts_nobody_loose_by_itself() -> None:
    window = BatchWindow(Place(None), LIMIT)
    cursors = [window.join(None) for _ in range(2)]
    window.append(batch_at(0, 10 * LIMIT))
    for cursor in cursors:
        assert cursor is not None
        assert not cursor.is_cut_loose
        assert window.take(cursor) is not None
