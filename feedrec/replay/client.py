"""
The replay to one client, from its first message to its end.

One task reads what the client says, one plays. The first of them to end, or the stop of the server, ends the replay.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Literal

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ..errors import RecordingError
from ..model import Frame
from .lateness import LatenessHistogram
from .outlet import ClientEnded, Outlet
from .results import ClientResult, Outcome
from .schedule import Clock, Schedule, Sleep, wait_until_due
from .timeline import FrameStream, Timeline

__all__ = ["AtEnd", "ClientReplay", "Pace"]

AtEnd = Literal["close", "hold", "exit"]

_PATIENCE_AT_STOP = 1.0  # seconds
_TIME_TO_SPARE = 5_000_000  # nanoseconds: a frame of 5 MB is decoded in less

_log = logging.getLogger("feedrec.replay")


class Pace(msgspec.Struct, frozen=True):
    """
    How time passes.

    Attributes:
        speed: Recorded seconds per second; `math.inf` for as fast as the client reads.
        clock: Tells the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets others run.

    """

    speed: float
    clock: Clock
    sleep: Sleep


class ClientReplay:
    """
    Plays a timeline to one client.

    Args:
        number: The client's number.
        connection: Its connection, open.
        timeline: What to play, from its start.
        pace: How fast.
        outlet: Takes the frames.
        at_end: What to do after the last frame.

    Attributes:
        lateness: Histogram of the lateness of its frames.

    """

    def __init__(
        self,
        number: int,
        connection: ServerConnection,
        timeline: Timeline,
        pace: Pace,
        outlet: Outlet,
        at_end: AtEnd,
    ) -> None:
        self.lateness = LatenessHistogram()
        self.name = f"client {number} ({address(connection)})"
        self._number = number
        self._connection = connection
        self._timeline = timeline
        self._pace = pace
        self._outlet = outlet
        self._at_end = at_end
        self._begun = asyncio.Event()
        self._outcome: Outcome = "client left"
        self._deadlines: list[int] = []
        self._frames = self._size = 0
        self._started = self._last_handed = 0
        self._first_time = self._added_time = self._last_time = 0

    async def run(self, stopping: asyncio.Future[None]) -> ClientResult:
        """Play until the end, until the client is gone, or until `stopping` is done; the connection is closed then."""
        listening = asyncio.create_task(self._listen())
        playing = asyncio.create_task(self._play())
        try:
            await asyncio.wait({listening, playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
            elif stopping.done() and self._outcome == "client left":
                self._outcome = "server stopped"
        finally:
            for task in (listening, playing):
                task.cancel()
            await asyncio.wait({listening, playing})
            await self._close(CloseCode.GOING_AWAY)
        return self._result()

    async def _listen(self) -> None:
        """Read all that the client says; what it says first begins the replay."""
        try:
            async for _ in self._connection:
                self._begun.set()
        except ConnectionClosed:
            return

    async def _play(self) -> None:
        async with self._timeline.open() as stream:
            # Noted before the stream is closed: that takes a moment, in which an aborted client ends the other task.
            self._outcome = await self._play_stream(stream)
        if self._outcome == "recording damaged":
            await self._connection.close(CloseCode.INTERNAL_ERROR, "the recording is damaged")
        elif self._outcome == "finished" and self._at_end == "hold":
            await self._connection.wait_closed()
        elif self._outcome == "finished":
            await self._connection.close(CloseCode.NORMAL_CLOSURE)

    async def _play_stream(self, stream: FrameStream) -> Outcome:
        try:
            await stream.fill_reserve()
            await self._begun.wait()
            frames = await stream.next_frames()
            if frames:
                self._first_time = self._last_time = frames[0].time
                self._started = self._last_handed = self._pace.clock()
                schedule = Schedule(self._first_time, self._started, self._pace.speed)
            while frames:
                await self._play_frames(frames, schedule, stream)
                frames = await stream.next_frames()
            await self._outlet.drain_all()
        except ClientEnded as end:
            if end.outcome == "stopped reading":
                _log.warning("%s stopped reading: its connection is aborted", self.name)
            return end.outcome
        except RecordingError as damage:
            _log.error("%s: the replay to %s ends there", damage, self.name)
            return "recording damaged"
        return "finished"

    async def _play_frames(self, frames: list[Frame], schedule: Schedule, stream: FrameStream) -> None:
        """Hand over each frame when it is due, those that are due together in one write."""
        clock, sleep = self._pace.clock, self._pace.sleep
        outlet, deadlines = self._outlet, self._deadlines
        now = clock()
        for frame in frames:
            deadline = schedule.deadline(frame.time)
            if deadline is None or deadline > now:
                await self._hand_over(schedule)
                while (deadline is None or deadline - clock() > _TIME_TO_SPARE) and stream.look_ahead():
                    await sleep(0)
                deadline = await wait_until_due(schedule, frame.time, clock=clock, sleep=sleep)
                now = clock()
            deadlines.append(deadline)
            outlet.add(frame.payload, binary=frame.binary)
            self._added_time = frame.time
            if outlet.is_full:
                await self._hand_over(schedule)
        await self._hand_over(schedule)

    async def _hand_over(self, schedule: Schedule) -> None:
        if not self._deadlines:
            return
        self._size += self._outlet.hand_over()
        self._last_handed = self._pace.clock()
        self._last_time = self._added_time
        self._frames += len(self._deadlines)
        if math.isfinite(schedule.speed):
            for deadline in self._deadlines:
                self.lateness.add(self._last_handed - deadline)
        self._deadlines.clear()
        await self._outlet.drain()

    async def _close(self, code: CloseCode) -> None:
        """See to it that the connection is closed, soon, whatever the client does."""
        try:
            async with asyncio.timeout(_PATIENCE_AT_STOP):
                await self._connection.close(code)
        except TimeoutError:
            self._connection.transport.abort()

    def _result(self) -> ClientResult:
        return ClientResult(
            client=self._number,
            address=address(self._connection),
            outcome=self._outcome,
            frames=self._frames,
            size=self._size,
            elapsed=self._last_handed - self._started,
            recorded=self._last_time - self._first_time,
            lateness=self.lateness.summary(),
        )


def address(connection: ServerConnection) -> str:
    """Give where a client came from, as people write it."""
    remote = connection.remote_address
    if not remote:
        return "unknown"
    host, port = remote[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
