"""Playing frames to a client, in a time that passes only while the playing sleeps."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections.abc import Sequence
from typing import Any, Self

from feedrec.feeds.defaults import ServerDefaults
from feedrec.feeds.venue import FeedServer
from feedrec.model import Frame, FrameInfo
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.playing.playback import Playback
from feedrec.replay.client.sending.outlet import Outlet
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady, Shift
from feedrec.replay.clock.timing import Timing
from feedrec.replay.steering.followers import Followers
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.timeline.frame_stream import Ahead

from ...clocks import MILLISECOND, VirtualTime
from ...recordings import START
from ..fake_connection import FakeConnection


class NothingAhead:
    """Frames that are all there already."""

    is_ready = True

    async def next_batch(self) -> FrameBatch | None:
        return None

    def look_ahead(self) -> bool:
        return False

    def ahead(self) -> Ahead:
        return Ahead([], wants_more=False, is_all=True)

    async def fill_reserve(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class Stage:
    """A client to play to, and when it was written to. With a schedule, it is one of several that share it."""

    def __init__(
        self, speed: float, schedule: Schedule | None = None, first: int = 0, server: FeedServer | None = None
    ) -> None:
        self.time = VirtualTime()
        self.writes: list[tuple[int, bytes]] = []
        connection = FakeConnection()
        connection.on_write = lambda data: self.writes.append((self.time.now, data))
        crowd = Crowd(logging.getLogger(), paced=True)
        outlet = Outlet(connection.as_connection(), deflate=False, crowd=crowd)
        timing = Timing(Tempo(speed, self.time.clock), self.time.clock, self.time.sleep)
        begin = RecordedSteady(START + first)
        follower = None if schedule is None else Followers(lambda _: None, goes_by_position=False).join(0)
        schedule = schedule or Schedule(begin, self.time.now, speed)
        nothing: Any = None
        session = None if server is None else VenueSession(server, nothing, nothing, outlet, print, lambda: True)
        self.playback = Playback(begin, Shift(0), timing, outlet, session, crowd, schedule, follower)
        setattr(self.playback._alarm, "sleep", self.time.sleep)  # noqa: B010  for mypy

    def play(self, *batches: FrameBatch) -> None:
        async def play() -> None:
            for batch in batches:
                await self.playback.play(batch, NothingAhead())

        asyncio.run(play())


def batch_of(milliseconds: Sequence[int], lap: int = 0) -> FrameBatch:
    """Make a batch of frames that say their time."""
    frames = [Frame(START + time * MILLISECOND, 0, b"%d" % time) for time in milliseconds]
    return FrameBatch(0, len(frames), frames, [RecordedSteady(frame.time) for frame in frames], [], lap)


def test_a_frame_is_written_when_it_is_due() -> None:
    """At ten times the speed a tenth of the recorded time after the first; never early, and a yield late at most."""
    stage = Stage(10.0)
    stage.play(batch_of(range(0, 500, 7)), batch_of(range(500, 1000, 3)))
    times = [*range(0, 500, 7), *range(500, 1000, 3)]
    assert [data[2:] for _, data in stage.writes] == [b"%d" % time for time in times]
    late = [written - time * MILLISECOND // 10 for (written, _), time in zip(stage.writes, times, strict=True)]
    assert min(late) >= 0
    assert max(late) <= 1000
    assert stage.playback.handed.count == stage.playback.handed.lateness.count == len(times)
    assert stage.playback.handed.recorded == times[-1] * MILLISECOND


def test_frames_that_are_due_together_are_one_write() -> None:
    stage = Stage(1.0)
    stage.play(batch_of([0, 0, 0, 20, 20, 30]))
    assert [data for _, data in stage.writes] == [b"\x81\x010" * 3, b"\x81\x0220" * 2, b"\x81\x0230"]


def test_as_fast_as_can_be_nothing_is_late() -> None:
    """There are no deadlines, and no waiting."""
    stage = Stage(math.inf)
    stage.play(batch_of(range(1000)))
    assert stage.time.sleeps == []
    assert len(stage.writes) == 1
    assert (stage.playback.handed.count, stage.playback.handed.lateness.count) == (1000, 0)


def test_another_lap_begins_with_its_first_frame_at_once() -> None:
    """The time between the end of the recording and its beginning is none; recorded time adds up."""
    stage = Stage(1.0, first=10 * MILLISECOND)
    stage.play(batch_of([10, 30]), batch_of([10, 30], lap=1))
    writes = [(written // MILLISECOND, data[2:]) for written, data in stage.writes]
    assert writes == [(0, b"10"), (20, b"30"), (20, b"10"), (40, b"30")]
    assert stage.playback.handed.recorded == 40 * MILLISECOND


def test_a_pause_amid_a_batch_moves_what_follows() -> None:
    """No frame is early because its deadline was computed before."""
    schedule = Schedule(RecordedSteady(START), Monotonic(0))
    stage = Stage(1.0, schedule)

    def pause_for_a_while() -> None:
        if schedule.is_paused and stage.time.now > 500 * MILLISECOND:
            schedule.resume(stage.time.now)
        elif not stage.writes[1:] and not schedule.is_paused and stage.time.now < 500 * MILLISECOND:
            schedule.pause(stage.time.now)

    stage.time.on_sleep = pause_for_a_while
    stage.play(batch_of([0, 20, 40, 60]))
    written = [moment for moment, _ in stage.writes]
    assert len(written) == 4
    assert min(written[1:]) > 500 * MILLISECOND
    gaps = [after - before for before, after in itertools.pairwise(written[1:])]
    assert all(abs(gap - 20 * MILLISECOND) <= 1000 for gap in gaps)


def test_frames_before_where_a_client_joined_are_not_sent() -> None:
    stage = Stage(1.0, first=20 * MILLISECOND)
    stage.play(batch_of([0, 10, 20, 30])._replace(first=2))
    assert [data[2:] for _, data in stage.writes] == [b"20", b"30"]


def test_what_was_due_before_a_client_joined_is_due_when_it_joins() -> None:
    """Its lateness is that of the client, not of the replay."""
    schedule = Schedule(RecordedSteady(START), Monotonic(-50 * MILLISECOND))
    stage = Stage(1.0, schedule)
    stage.play(batch_of([0, 10, 60]))
    assert [data[-2:] for _, data in stage.writes] == [b"10", b"60"]
    assert stage.playback.handed.lateness.max <= 1000
    assert stage.playback.present == START + stage.time.now + 50 * MILLISECOND


class Acknowledging(ServerDefaults):
    """Sends an ack before each frame."""

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[bytes]:  # noqa: ARG002
        return (b"ack", frame.payload)

    def on_restart(self) -> None:
        """Begin anew, which is nothing here."""


def test_a_binary_frame_that_a_venue_passes_on_stays_binary_and_what_it_says_itself_is_text() -> None:
    stage = Stage(1.0, server=Acknowledging())
    frames = [Frame(START, 0, b"\xff", binary=True), Frame(START, 0, b"text")]
    stage.play(FrameBatch(0, 2, frames, [RecordedSteady(START)] * 2, [FrameInfo()] * 2, 0))
    assert [data for _, data in stage.writes] == [b"\x81\x03ack\x82\x01\xff\x81\x03ack\x81\x04text"]
