"""Frames that are sent in runs, by one timer for all clients: each gets what it would get alone."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds.server_half import SubscribingServer
from feedrec.feeds.venue import FeedServer, Message, Reply, Send
from feedrec.model import Frame, FrameInfo
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.playing.playback import Playback
from feedrec.replay.client.sending.outlet import Outlet
from feedrec.replay.client.venue_session import VenueSession
from feedrec.replay.clock.schedule import Schedule
from feedrec.replay.clock.shared_timer import SharedTimer
from feedrec.replay.clock.tempo import Tempo
from feedrec.replay.clock.time_types import Monotonic, RecordedSteady, RecordedWall, Shift
from feedrec.replay.clock.timing import Timing
from feedrec.replay.timeline.frame_batches import FrameBatch

from ....timing import HANG_TIMEOUT
from ...clocks import MILLISECOND
from ...recordings import START
from ..fake_connection import FakeConnection
from .test_playback import NothingAhead


def clock() -> Monotonic:
    return Monotonic(time.monotonic_ns())


class Numbering(SubscribingServer):
    """Numbers what a client gets, from what it says; `+channel` and `-channel` change what that is."""

    def __init__(self) -> None:
        super().__init__({"a": ["X"], "b": ["X"]}, channels=["a", "b"])
        self.number = 0
        self.add("a", ["X"])
        self._wanted.clear()

    def on_message(self, message: bytes, time: int) -> list[Reply]:  # noqa: ARG002
        channel = message[1:].decode()
        if message.startswith(b"+"):
            self.add(channel, ["X"])
        else:
            self.remove(channel)
        self._wanted.clear()
        self.number += 1
        return [Send(b"ack %d" % self.number)]

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        messages = super().on_frame(frame, info)
        self.number += len(messages)
        return tuple(b"%b %d" % (bytes(message), self.number) for message in messages)

    def passage_key(self, frame: Frame, info: FrameInfo) -> Any:
        return super().passage_key(frame, info), self.number

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        number, messages = self.number, list[bytes | None]()
        for message in super().passage(frames, infos):
            number += message is not None
            messages.append(None if message is None else b"%b %d" % (message, number))
        return messages

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        del frames, infos
        self.number += sum(message is not None for message in messages)


class Client:
    """A client to play to: in runs and by a timer if its crowd has one, else frame by frame."""

    def __init__(self, schedule: Schedule, crowd: Crowd, server: FeedServer | None, *, runs: bool) -> None:
        self.connection = FakeConnection()
        self.outlet = Outlet(self.connection.as_connection(), deflate=False, crowd=crowd)
        self.outlet.takes_runs = runs
        timing = Timing(Tempo(schedule.speed, clock), clock, asyncio.sleep)
        nothing: Any = None
        self.session = None
        if server is not None:
            self.session = VenueSession(server, nothing, nothing, self.outlet, print, lambda: True)
        begin = RecordedSteady(START)
        self.playback = Playback(begin, Shift(0), timing, self.outlet, self.session, crowd, schedule)

    async def play(self, batches: Sequence[FrameBatch]) -> None:
        for batch in batches:
            await self.playback.play(batch, NothingAhead())

    @property
    def passed(self) -> int:
        """How many frames are past."""
        return self.playback.at.batch.start + self.playback.at.past

    @property
    def got(self) -> bytes:
        return b"".join(self.connection.written)


def batches_of(sizes: Sequence[int], apart: int) -> list[FrameBatch]:
    """Make batches of frames that many nanoseconds apart, of two channels in turn."""
    batches, number = [], 0
    for size in sizes:
        frames = [Frame(START + (number + one) * apart, 0, b"%d" % (number + one)) for one in range(size)]
        infos = [FrameInfo("ab"[(number + one) % 3 == 0], ("X",), None, "update") for one in range(size)]
        times = [RecordedSteady(frame.time) for frame in frames]
        batches.append(FrameBatch(number, number + size, frames, times, infos))
        number += size
    return batches


def crowd_with(timer: SharedTimer | None) -> Crowd:
    crowd = Crowd(logging.getLogger(), paced=True, timer=timer)
    crowd.clients = 3
    return crowd


def schedule_now(speed: float) -> Schedule:
    return Schedule(RecordedSteady(START), clock(), speed)


def as_alone(batches: Sequence[FrameBatch], server: FeedServer | None, sayings: Sequence[tuple[int, bytes]]) -> bytes:
    """Return what a client gets frame by frame, that says something before some frames."""
    client = Client(schedule_now(math.inf), crowd_with(None), server, runs=False)

    async def play() -> None:
        for batch in batches:
            for number in range(len(batch.frames)):
                for before, message in sayings:
                    if before == batch.start + number and client.session is not None:
                        client.session.hear(message, RecordedWall(0))
                one = slice(number, number + 1)
                await client.play([FrameBatch(0, 1, batch.frames[one], batch.times[one], batch.infos[one])])

    asyncio.run(play())
    return client.got


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    apart=st.sampled_from([0, 10_000, 200_000]),
    speed=st.sampled_from([1.0, math.inf]),
    as_venue=st.booleans(),
    sayings=st.lists(st.tuples(st.integers(1, 60), st.sampled_from([b"+b", b"-a", b"+a", b"-b"])), max_size=4),
)
def test_each_of_several_clients_gets_what_it_gets_alone(
    sizes: list[int], apart: int, speed: float, sayings: list[tuple[int, bytes]], *, as_venue: bool
) -> None:
    """Whatever it says between two frames, and whether they are due one by one or together."""
    batches = batches_of(sizes, apart)
    count = sum(sizes)
    schedule, crowd = schedule_now(speed), crowd_with(SharedTimer(clock))
    clients = [Client(schedule, crowd, Numbering() if as_venue else None, runs=True) for _ in range(3)]
    heard: list[list[tuple[int, bytes]]] = [[] for _ in clients]

    async def say(client: Client, number: int) -> None:
        """Say something once as many frames have passed."""
        for before, message in sorted(sayings)[number:]:
            while client.passed < min(before, count):
                await asyncio.sleep(0)
            if client.passed < count and client.session is not None:
                heard[number].append((client.passed, message))
                client.session.hear(message, RecordedWall(0))

    async def play() -> None:
        talking = [asyncio.create_task(say(client, number)) for number, client in enumerate(clients)]
        await asyncio.gather(*(client.play(batches) for client in clients))
        await asyncio.gather(*talking)

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    for client, said in zip(clients, heard, strict=True):
        assert client.got == as_alone(batches, Numbering() if as_venue else None, said)


def test_a_frame_that_the_timer_sends_is_never_early_and_counts_as_late_as_it_is() -> None:
    batches = batches_of([40, 40], MILLISECOND)
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    clients = [Client(schedule, crowd, None, runs=True) for _ in range(6)]
    written: list[int] = []
    clients[0].connection.on_write = lambda data: written.extend([clock()] * data.count(b"\x81"))

    async def play() -> None:
        await asyncio.gather(*(client.play(batches) for client in clients))

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    deadlines = [schedule.deadline(time) for batch in batches for time in batch.times]
    late = [moment - (deadline or 0) for moment, deadline in zip(written, deadlines, strict=True)]
    assert min(late) >= 0
    handed = clients[0].playback.handed
    assert handed.count == handed.lateness.count == 80
    assert handed.lateness.max >= max(late)


def test_clients_leave_their_frames_to_the_timer() -> None:
    """Else the tests above say nothing: their tasks sleep through most of it."""
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    client = Client(schedule, crowd, Numbering(), runs=True)
    by_themselves: list[Frame] = []
    assert client.session is not None
    on_frame = client.session.on_frame

    def noted(frame: Frame, info: FrameInfo) -> Sequence[Message]:
        by_themselves.append(frame)
        return on_frame(frame, info)

    client.session.on_frame = noted
    asyncio.run(asyncio.wait_for(client.play(batches_of([100], MILLISECOND // 2)), HANG_TIMEOUT))
    assert not by_themselves
    assert client.playback.handed.count == client.got.count(b"\x81")


def test_a_client_that_reads_nothing_keeps_nobody_waiting() -> None:
    batches = batches_of([60], MILLISECOND)
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    stuck, *others = (Client(schedule, crowd, None, runs=True) for _ in range(4))
    stuck.connection.waiting = 1 << 30

    async def play() -> None:
        waiting = asyncio.create_task(stuck.play(batches))
        await asyncio.gather(*(client.play(batches) for client in others))
        assert not waiting.done()
        stuck.connection.read_all()
        await waiting

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    assert {client.got for client in (stuck, *others)} == {as_alone(batches, None, [])}


def test_a_server_half_that_fails_fails_for_its_own_client_alone() -> None:
    class Failing(Numbering):
        def on_passage(self, *_: object) -> None:
            raise ZeroDivisionError

    batches = batches_of([60], MILLISECOND)
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    failing = Client(schedule, crowd, Failing(), runs=True)
    others = [Client(schedule, crowd, None, runs=True) for _ in range(3)]

    async def play() -> None:
        failed, *_ = await asyncio.gather(*(one.play(batches) for one in (failing, *others)), return_exceptions=True)
        assert isinstance(failed, ZeroDivisionError)

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    assert {client.got for client in others} == {as_alone(batches, None, [])}


def test_a_server_half_that_fails_between_two_runs_fails_for_its_own_client_alone() -> None:
    """The timer asks for the next run when it has sent the last frame of one: nobody else waits for longer then."""

    class Failing(Numbering):
        def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
            return super().passage(frames, infos)[: 20 // (frames[0].payload == b"0")]

    batches = batches_of([60], MILLISECOND)
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    failing = Client(schedule, crowd, Failing(), runs=True)
    others = [Client(schedule, crowd, None, runs=True) for _ in range(3)]
    told: list[Any] = []

    async def play() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, about: told.append(about))
        failed, *_ = await asyncio.gather(*(one.play(batches) for one in (failing, *others)), return_exceptions=True)
        assert isinstance(failed, ZeroDivisionError)

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    assert not told
    assert {client.got for client in others} == {as_alone(batches, None, [])}


def test_a_client_that_is_sent_nothing_gathers_nothing() -> None:
    server = Numbering()
    server.remove("a")
    client = Client(schedule_now(1.0), crowd_with(SharedTimer(clock)), server, runs=True)
    asyncio.run(asyncio.wait_for(client.play(batches_of([40, 40], MILLISECOND // 4)), HANG_TIMEOUT))
    assert client.passed == 80
    assert not client.outlet._parts


@pytest.mark.parametrize("change", ["pause", "speed"])
def test_what_steers_time_reaches_frames_that_are_left_to_the_timer(change: str) -> None:
    """No frame is early because the timer had another deadline."""
    batches = batches_of([10], 10 * MILLISECOND)
    schedule, crowd = schedule_now(1.0), crowd_with(SharedTimer(clock))
    client = Client(schedule, crowd, None, runs=True)
    written: list[int] = []
    client.connection.on_write = lambda data: written.extend([clock()] * data.count(b"\x81"))

    async def play() -> None:
        playing = asyncio.create_task(client.play(batches))
        while client.passed < 3:
            await asyncio.sleep(0)
        if change == "pause":
            schedule.pause(clock())
            paused = len(written)
            await asyncio.sleep(0.05)
            assert len(written) == paused
            schedule.resume(clock())
        else:
            schedule.set_speed(0.5, clock())
        await playing

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))
    assert len(written) == 10
    assert written[-1] >= (schedule.deadline(batches[0].times[-1]) or 0)
