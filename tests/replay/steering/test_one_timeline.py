"""One timeline, moved at random, against a list of frames: every client gets what the list says, and nothing else."""

from __future__ import annotations

import asyncio
import math
import tempfile
from bisect import bisect_left
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from websockets.asyncio.client import ClientConnection, connect

from feedrec.model import Frame
from feedrec.replay import ReplayOptions, ReplayServer

from ...timing import HANG_TIMEOUT, until
from .. import recordings
from ..recordings import START

TIMES = sorted([0, 0, 0, 7, 7, *range(10, 300, 7), *([400] * 300), *range(400, 800, 3), 1000, 1000])
"""Nanoseconds after START. There are more than fit one batch, and more of one time than that."""

FRAMES = [Frame(START + time, 0, b"%d" % number) for number, time in enumerate(TIMES)]

moments = st.integers(-10, 1100) | st.sampled_from(TIMES)
counts = st.integers(0, 5) | st.integers(0, 400)

Result = TypeVar("Result")


class Moves(RuleBasedStateMachine):
    """
    A replay that begins paused, and what a list of its frames says of it.

    Attributes:
        speed: How fast it plays up to a moment.

    """

    speed = math.inf

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        path = recordings.record(Path(self.folder.name) / "a.jsonl.zst", FRAMES)
        self.server = ReplayServer(path, ReplayOptions(port=0, speed=self.speed, paused=True, at_end="hold"))
        self.run(self.server.start())
        self.clients: list[ClientConnection] = []
        self.next = 0  # frame
        self.since = 0  # which frame the last seek was
        self.now = 0

    def run(self, doing: Coroutine[Any, Any, Result]) -> Result:
        return self.runner.run(asyncio.wait_for(doing, HANG_TIMEOUT))

    def teardown(self) -> None:
        async def end() -> None:
            await self.check(self.next)
            for client in self.clients:
                await client.close()
            await self.server.close()

        self.run(end())
        self.runner.close()
        self.folder.cleanup()

    async def check(self, end: int) -> None:
        """Have every client get the frames up to one of them, and nothing else."""
        expected = [frame.payload.decode() for frame in FRAMES[self.next : end]]
        for client in self.clients:
            assert [await client.recv() for _ in expected] == expected
            await (await client.ping())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await client.recv()
        self.next = end

    @precondition(lambda self: len(self.clients) < 4)
    @rule()
    def join(self) -> None:
        async def join() -> None:
            count = self.server.steering.followers
            self.clients.append(await connect(self.server.url, max_queue=1 << 16))
            await until(lambda: self.server.steering.followers == count + 1)

        self.run(join())

    @precondition(lambda self: self.clients)
    @rule(number=st.integers(0, 3))
    def leave(self, number: int) -> None:
        self.run(self.clients.pop(number % len(self.clients)).close())

    @rule(count=counts)
    def step(self, count: int) -> None:
        async def step() -> None:
            end = min(self.next + count, len(FRAMES))
            assert await self.server.steering.step(count) == end - self.next
            self.now = TIMES[end - 1] if end > self.next else self.now
            await self.check(end)

        self.run(step())

    @rule(moment=moments)
    def play_until(self, moment: int) -> None:
        async def play() -> None:
            end = bisect_left(TIMES, moment) if moment > self.now else self.next
            assert await self.server.steering.play_until(START + moment) == end - self.next
            self.now = max(self.now, moment)
            await self.check(end)

        self.run(play())

    @rule(moment=moments)
    def seek(self, moment: int) -> None:
        async def seek() -> None:
            await self.server.steering.seek(START + moment)
            self.now = max(moment, 0)
            self.next = self.since = bisect_left(TIMES, moment)

        self.run(seek())

    @rule()
    def resume(self) -> None:
        """Play all the rest."""

        async def resume() -> None:
            await self.server.steering.step(0)
            self.server.steering.resume()
            if self.clients:
                await self.check(len(FRAMES))
            else:
                await asyncio.sleep(0)
            self.server.steering.pause()
            await self.server.steering.seek(START)

        self.run(resume())
        self.now = self.next = self.since = 0

    @invariant()
    def it_is_where_the_list_says(self) -> None:
        steering = self.server.steering
        assert steering.is_paused
        assert steering.position == self.next - self.since
        assert steering.present in (START + self.now, None)


class MovesAtSpeed(Moves):
    """The same, where a moment is reached by the clock: the recording takes a microsecond."""

    speed = 0.001


_settings = settings(
    max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestMoves = Moves.TestCase
TestMoves.settings = _settings
TestMovesAtSpeed = MovesAtSpeed.TestCase
TestMovesAtSpeed.settings = _settings
