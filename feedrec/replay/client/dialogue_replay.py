"""
The replay of a recorded conversation to one client: it waits for what the client said when that was recorded.

What was recorded after a message of the client is timed from that message on. A client that says something else, or
nothing for too long, has failed: its connection is closed with 1008.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from functools import partial

import msgspec
from websockets.exceptions import ProtocolError
from websockets.frames import Close, CloseCode

from ...model import NANOSECONDS, Frame
from ..clock.lateness import LateFrame, LatenessHistogram
from ..clock.schedule import Schedule, wait_until_due
from ..clock.time_types import Monotonic, RecordedSteady, RecordedWall
from ..dialogue.conversation import Conversation, Ends, Heard, Said, Waits
from ..dialogue.failure import DialogueFailure
from ..dialogue.recorded import Ending, Message
from ..observer import Observer
from ..results import ClientResult
from ..steering.steering import Steering
from ..venue.endpoints import Endpoint
from .client import ClientReplay
from .connection import ReplayConnection
from .crowd import Crowd
from .sending.outlet import ClientEnded, Outlet

__all__ = ["DialogueReplay"]

_LONGEST_REASON = 123  # bytes (RFC 6455, 5.5)
_AT_ONCE = 200  # frames after which others have their turn: ids are put into each of them
_STILL_HEARD = 0.02  # seconds for what a client said before the server stops
_PATIENCE = 1.0  # seconds for what a client said before it left


class DialogueReplay(ClientReplay):
    """
    Plays a conversation to one client.

    Args:
        number: The client's number.
        connection: Its connection, open.
        endpoint: How time passes.
        outlet: Takes the frames.
        conversation: What to play; or why there is nothing.
        steering: Says how fast time passes.
        crowd: All clients.
        observer: Hears of what it says; None if nobody does.

    """

    def __init__(
        self,
        number: int,
        connection: ReplayConnection,
        endpoint: Endpoint,
        outlet: Outlet,
        conversation: Conversation | DialogueFailure,
        steering: Steering,
        crowd: Crowd,
        observer: Observer | None,
    ) -> None:
        super().__init__(number, connection, endpoint, outlet, None, steering, crowd, observer)
        self._conversation = conversation
        self._heard = asyncio.Event()
        self._refused = asyncio.Event()
        self._gone = asyncio.Event()  # and all that it said was compared
        self._failure: DialogueFailure | None = None
        self._lateness = LatenessHistogram()
        self._worst: LateFrame | None = None
        self._deadlines: list[tuple[Monotonic, int]] = []  # of the frames that are not handed over yet, and their times
        self._started = self._last_handed = self._timing.clock()
        self._frames = 0
        self._first_time: int | None = None
        self._last_time = 0
        self._at_hand: Frame | None = None

    @property
    def present(self) -> RecordedWall:
        return RecordedWall(self._last_time)

    @property
    def frame_at_hand(self) -> Frame | None:
        return self._at_hand

    @property
    def has_begun(self) -> bool:
        return self._first_time is not None

    @property
    def frames(self) -> int:
        return self._frames

    @property
    def lateness(self) -> LatenessHistogram:
        return self._lateness

    @property
    def worst(self) -> LateFrame | None:
        return self._worst

    async def run(self, stopping: asyncio.Future[None]) -> ClientResult:
        """Do so as `ClientReplay` does; what the client has said by the time of `stopping` is compared."""
        all_heard: asyncio.Future[None] = asyncio.ensure_future(self._hear_all(stopping))
        conversation = self._conversation
        of_requests = set() if isinstance(conversation, DialogueFailure) else conversation.exchanges.on_heard
        of_requests.add(self._heard.set)
        try:
            return await super().run(all_heard)
        finally:
            of_requests.discard(self._heard.set)
            all_heard.cancel()

    async def _hear_all(self, stopping: asyncio.Future[None]) -> None:
        await asyncio.wait({stopping})
        await asyncio.sleep(_STILL_HEARD)

    async def _listen(self) -> None:
        """Have the client's messages compared with the recorded ones, as they arrive, until it has left or failed."""
        self._connection.take_messages(self._take)
        waits = [asyncio.ensure_future(one) for one in (self._connection.wait_closed(), self._refused.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._failure is None and not self._connection.has_stopped_reading:
            self._left()
        self._gone.set()

    def _take(self, payload: bytes, binary: bool) -> None:  # noqa: FBT001  as the connection calls it
        """Compare a message."""
        if self._observer is not None:
            message = payload if binary else payload.decode(errors="replace")
            self._observer.on_received(self.number, message, self.present)
        conversation = self._conversation
        if isinstance(conversation, DialogueFailure) or self._failure is not None:
            return  # its connection is being closed
        failure = conversation.hear(Message(payload, binary))
        if failure is None:
            self._heard.set()
        else:
            self._note(failure)
            self._refused.set()

    def _left(self) -> None:
        """Take note that the client has left; it is as recorded if all was said."""
        conversation = self._conversation
        if isinstance(conversation, DialogueFailure) or self._outcome == "finished":
            return
        if (failure := conversation.leave()) is not None:
            self._note(failure)
        elif conversation.is_over:
            self._outcome = "finished"

    async def _play(self) -> None:
        conversation = self._conversation
        if isinstance(conversation, DialogueFailure):
            self._note(conversation)
            return
        try:
            while self._failure is None and (ends := await self._go_on(conversation)) is None:
                pass
            if self._failure is None and ends is not None:
                await self._outlet.drain_all()
                await self._end(conversation, ends)
        except ClientEnded as end:
            if end.outcome != "client left":
                self._outcome = end.outcome
            elif self._failure is None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE):
                        await self._gone.wait()  # what it said before decides

    async def _go_on(self, conversation: Conversation) -> Ends | None:
        """Do what comes next; return the end if there is nothing more."""
        act = conversation.next()
        if isinstance(act, Said):
            await self._say(act)
        elif isinstance(act, Heard):
            self._anchor(act.time)
        else:
            await self._hand_over()
            if isinstance(act, Ends):
                return act
            if conversation.waits:  # a message may have come meanwhile
                await self._wait_for_message(conversation, act)
        return None

    def _anchor(self, time: int) -> Schedule:
        """Make a recorded time the present."""
        if self._schedule is None:
            self._schedule = self._steering.begin(RecordedSteady(time))
        else:
            self._schedule.seek(RecordedSteady(time), self._timing.clock())
        return self._schedule

    def _leave(self) -> None:
        if self._schedule is not None:
            self._steering.end(self._schedule)

    async def _say(self, said: Said) -> None:
        """Add a frame once it is due."""
        deadline = await self._due(said.time)
        self._deadlines.append((deadline, said.time))
        self._first_time = said.time if self._first_time is None else self._first_time
        self._last_time = said.time
        self._at_hand = Frame(said.time, 0, said.message.payload, binary=said.message.binary)
        is_full = self._outlet.add(said.message.payload, binary=said.message.binary)
        if is_full or len(self._deadlines) >= _AT_ONCE:
            await self._hand_over()

    async def _due(self, time: int) -> Monotonic:
        """Wait until a recorded moment is due; return its deadline."""
        schedule, timing = self._schedule or self._anchor(time), self._timing
        due = partial(schedule.deadline, RecordedSteady(time))
        deadline = due()
        if deadline is not None and deadline <= timing.clock():
            return deadline
        await self._hand_over()
        return await wait_until_due(due, clock=timing.clock, sleep=timing.sleep, lead=self._crowd.lead)

    async def _hand_over(self) -> None:
        if not self._deadlines:
            return
        self._outlet.hand_over()
        self._last_handed = self._timing.clock()
        self._frames += len(self._deadlines)
        if math.isfinite(self._steering.speed):
            most = self._lateness.max
            for deadline, _time in self._deadlines:
                self._lateness.add(self._last_handed - deadline)
            if self._lateness.max > most:
                self._worst = LateFrame(self._lateness.max, min(self._deadlines)[1], client=self.number)
        self._deadlines.clear()
        await self._outlet.drain()

    async def _wait_for_message(self, conversation: Conversation, waits: Waits) -> None:
        """Wait for the client to speak, or to send a request: as long as it took when recorded, and some patience."""
        seconds = conversation.patience + self._seconds(waits.silence)
        try:
            async with asyncio.timeout(seconds):
                while conversation.waits:  # a request may be another one
                    self._heard.clear()
                    await self._heard.wait()
        except TimeoutError:
            self._note(conversation.fall_silent(seconds))

    def _seconds(self, silence: int) -> float:
        """Return how long recorded nanoseconds take."""
        return silence / NANOSECONDS / self._steering.speed

    async def _end(self, conversation: Conversation, ends: Ends) -> None:
        """Close the connection, or have the client close it, as was recorded; if nothing tells, as was chosen."""
        ending = ends.ending
        if ending is None and self._endpoint.at_end == "hold":
            self._outcome = "finished"
            await self._connection.wait_closed()
        elif ending is None:
            self._outcome = "finished"
            await self._connection.close(CloseCode.NORMAL_CLOSURE)
        elif ending.by == "venue":
            await self._due(ending.time)
            if self._failure is None:
                self._outcome = "finished"
                await self._close_as(ending)
        else:
            seconds = conversation.patience + self._seconds(ends.silence)
            try:
                async with asyncio.timeout(seconds):
                    await self._gone.wait()
            except TimeoutError:
                self._note(conversation.stay(seconds))

    async def _close_as(self, ending: Ending) -> None:
        connection = self._connection
        if ending.code == CloseCode.NO_STATUS_RCVD:
            connection.protocol.send_close()
            connection.send_data()
            await connection.close()  # waits, but not for ever
        elif _may_be_sent(ending.code):
            await connection.close(ending.code, ending.reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))
        else:
            connection.drop()

    async def _close(self, code: CloseCode, reason: str = "") -> None:
        if self._failure is None:
            await super()._close(code, reason)
        else:
            await super()._close(CloseCode.POLICY_VIOLATION, self._failure.close_reason)

    def _note(self, failure: DialogueFailure) -> None:
        """Take note of what failed; that ends the replay."""
        if self._failure is not None:
            return
        self._failure = failure
        self._outcome = "dialogue failed"

    def _result(self) -> ClientResult:
        return msgspec.structs.replace(
            super()._result(),
            elapsed=max(0, self._last_handed - self._started),
            recorded=0 if self._first_time is None else self._last_time - self._first_time,
            failure=self._failure,
        )


def _may_be_sent(code: int) -> bool:
    """Return whether a close frame may have a code; else the connection was lost, or the recording was made by hand."""
    with contextlib.suppress(ProtocolError):
        Close(code, "").check()
        return True
    return False
