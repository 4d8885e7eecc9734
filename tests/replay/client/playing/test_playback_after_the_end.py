"""Time after the end of a recording, in a time that passes only while the playing sleeps."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from feedrec.feeds.auth import Auth
from feedrec.feeds.venue import Key, Reply, Send
from feedrec.model import NANOSECONDS, Frame, FrameInfo
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.playing.playback import Playback
from feedrec.replay.client.sending.outlet import Outlet
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift
from feedrec.replay.clock.timing import Timing
from feedrec.replay.timeline.frame_batches import FrameBatch
from feedrec.replay.venue.rebuild import Position
from feedrec.replay.venue.rebuild_process import RebuildProcess

from ...clocks import VirtualTime
from ...fake_venue import START, FakeServer
from ..fake_connection import FakeConnection
from .test_playback import NothingAhead

LAST = START + 2 * NANOSECONDS
SUBSCRIBE, STOP = b"subscribe", b"stop"


class Beating(FakeServer):
    """Makes a message each second after the end, until it is told to stop."""

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        if message != STOP:
            return super().on_message(message, time)
        self.next_due = None
        return [Send(b"stopped")]

    def on_due(self, time: int) -> tuple[bytes, ...]:
        self.next_due = time + NANOSECONDS
        return (b"beat %d" % ((time - START) // NANOSECONDS),)

    def on_end(self, time: int) -> list[Reply]:
        self.next_due = time + NANOSECONDS
        return [Send(b"end")]


class Rebuild:
    """Gives no state, and keeps what for."""

    def __init__(self) -> None:
        self.positions: list[Position] = []

    def snapshots(self, wanted: frozenset[Key], position: Position, *_: object, **__: object) -> Mapping[Key, None]:
        self.positions.append(position)
        return dict.fromkeys(wanted)


class Stage:
    """A client that stays after the end of three frames in two seconds; when it was sent what."""

    def __init__(self, speed: float, schedule: Schedule | None = None) -> None:
        self.time = VirtualTime()
        self.writes: list[tuple[float, bytes]] = []
        self.rebuild = Rebuild()
        connection: Any = FakeConnection()
        connection.on_write = lambda data: self.writes.append((self.time.now / NANOSECONDS, data[2:]))
        crowd = Crowd(logging.getLogger(), paced=True)
        outlet = Outlet(connection.as_connection(), deflate=False, crowd=crowd)
        timing = Timing(Tempo(speed, self.time.clock), self.time.clock, self.time.sleep)
        server = Beating({}, Auth(now=lambda: 0))
        server.has_subscribed = True
        rebuild: Any = self.rebuild
        none: Any = None
        self.session = VenueSession(server, cast(RebuildProcess, rebuild), none, outlet, print, lambda: True)
        setattr(self.session, "state_wanted_within", self.pass_unless_state_is_wanted)  # noqa: B010  for mypy
        first = RecordedSteady(START)
        schedule = schedule or Schedule(first, self.time.now, speed)
        self.playback = Playback(first, Shift(0), timing, outlet, self.session, crowd, schedule)

    async def pass_unless_state_is_wanted(self, seconds: float) -> None:
        if not self.session.waits_for_state:
            await self.time.sleep(seconds)

    @property
    def sent(self) -> list[bytes]:
        return [data for _, data in self.writes]

    def play(self, done: Callable[[], bool]) -> None:
        """Play until something is so after the end."""

        async def play() -> None:
            frames = [Frame(START + second * NANOSECONDS, 0, b"%d" % second) for second in range(3)]
            times = [RecordedSteady(frame.time) for frame in frames]
            infos = [FrameInfo("all", ("X",))] * 3
            await self.playback.play(FrameBatch(0, 3, frames, times, infos), NothingAhead())
            await self.playback.end()
            going_on = asyncio.ensure_future(self.playback.go_on())
            while not done():
                assert not going_on.done(), going_on
                await asyncio.sleep(0)
            going_on.cancel()

        asyncio.run(play())


@pytest.mark.parametrize(("speed", "end", "pace"), [(1.0, 2.0, 1.0), (10.0, 0.2, 10.0), (math.inf, 0.0, 1.0)])
def test_time_goes_on_at_the_speed_of_the_replay_and_in_real_time_where_it_took_none(
    speed: float, end: float, pace: float
) -> None:
    stage = Stage(speed)
    stage.play(lambda: len(stage.sent) >= (8 if math.isfinite(speed) else 6))
    beats = [(moment, data) for moment, data in stage.writes if data.startswith(b"beat")]
    assert [data for _, data in beats[:4]] == [b"beat 3", b"beat 4", b"beat 5", b"beat 6"]
    for number, (moment, _) in enumerate(beats[:4], 1):
        assert moment == pytest.approx(end + number / pace, abs=0.001)
    assert stage.playback.present >= START + 6 * NANOSECONDS
    assert (stage.playback.handed.count, stage.playback.handed.recorded) == (3, 2 * NANOSECONDS)


def test_what_comes_after_the_end_is_neither_counted_nor_late() -> None:
    stage = Stage(100.0)
    stage.play(lambda: len(stage.sent) >= 50)
    assert stage.playback.handed.count == stage.playback.handed.lateness.count == 3


def test_a_subscription_after_the_end_gets_the_state_there_as_of_now() -> None:
    stage = Stage(1.0)

    def subscribe() -> None:
        if b"beat 4" in stage.sent and not stage.rebuild.positions:
            stage.session.hear(SUBSCRIBE, RecordedWall(stage.playback.present))

    stage.time.on_sleep = subscribe
    stage.play(lambda: b"beat 6" in stage.sent)
    (position,) = set(map(repr, stage.rebuild.positions))
    assert position.startswith(f"Position(line=0, since=[b'0', b'1', b'2'], time={(START + 4 * NANOSECONDS) // 10**9}")
    states = [data for data in stage.sent if b"state" in data]
    assert len(states) == 1
    assert 4000 <= int(states[0].split()[0]) < 5000


def test_who_unsubscribes_while_something_is_awaited_does_not_get_it() -> None:
    stage = Stage(1.0)

    def stop() -> None:
        if b"beat 3" in stage.sent and b"stopped" not in stage.sent and stage.time.now > 3.5 * NANOSECONDS:
            stage.session.hear(STOP, RecordedWall(stage.playback.present))

    stage.time.on_sleep = stop
    stage.play(lambda: b"stopped" in stage.sent and stage.time.now >= 4 * NANOSECONDS)
    assert stage.sent[-1] == b"stopped"
    assert stage.session.next_due is None


def test_a_common_time_goes_on_where_it_is() -> None:
    """It did not stop for the client, and does not start anew for it."""
    stage = Stage(1.0, Schedule(RecordedSteady(START), Monotonic(-NANOSECONDS // 2)))
    stage.play(lambda: b"beat 3" in stage.sent)
    assert stage.writes[-1][0] == pytest.approx(2.5, abs=0.001)
