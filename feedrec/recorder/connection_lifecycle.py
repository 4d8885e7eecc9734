"""One connection of a run: open it, subscribe, see that it lives, pause while the disk lags, close it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..errors import VenueError
from ..feeds import Feed, FeedClient, Message, Notice, Subscription
from ..feeds.redaction import Address
from .clock import RecordingClock
from .connection import CLOSE_TIMEOUT, NO_CLOSE_FRAME, RecordedConnection, describe_opened
from .connection_state import ConnectionState
from .intake import Intake
from .notices import Notices
from .output.counting_writer import CountingWriter
from .rate_limit import RateLimit
from .resync.resync import Resync
from .throttle import Throttle
from .watchdog import Watchdog

__all__ = ["ConnectionLifecycle"]

TICK = 0.25
"""Seconds between checks of acks and silence."""

BUSY_TICK = 0.02
"""The same while a book is subscribed again: what comes next waits for what has arrived."""

SEND_TIMEOUT = 10.0
"""Seconds that a venue gets to take our messages."""

log = logging.getLogger("feedrec")

Change = tuple[Callable[[Sequence[Subscription], int], list[Message]], Sequence[Subscription]]


class ConnectionLifecycle:
    """
    One connection, from the attempt to open it to its end in the recording; the `Receiver` of what arrives on it.

    It owns the client half of the feed: its messages are sent here, and its notices passed on.

    Args:
        number: The connection's number within the recording.
        feed: Describes the frames.
        client: The client half of the feed for this connection.
        address: Where it leads, and what must not be recorded.
        writer: Where frames and events are written; its backlog decides when reading pauses.
        clock: Gives the stamps.
        messages: The venue's limit on messages.
        on_refusal: Called when the venue refuses for good; the flag is that of `Notice.is_about_all`.

    Attributes:
        number: As given.
        state: What the connection is doing.
        notices, report: What passes on what a feed noticed, and its method; see `Notices`.

    """

    def __init__(
        self,
        number: int,
        feed: Feed,
        client: FeedClient,
        address: Address,
        writer: CountingWriter,
        clock: RecordingClock,
        messages: RateLimit,
        on_refusal: Callable[[VenueError, bool], object],
    ) -> None:
        self.number = number
        self.state = ConnectionState.CONNECTING
        self._client = client
        self._address = address
        self._redaction = address.redaction
        self._writer = writer
        self._recording = writer.recording
        self._clock = clock
        self._messages = messages
        self._resync = Resync(feed, client)
        self.notices = Notices(client, address.redaction, writer, self._write_event, on_refusal, self._resync)
        self.report = self.notices.report
        passes = getattr(client, "passes", None)  # a plug-in's own client half need not have it
        self._intake = Intake(number, feed, client.on_frame, self.report, writer, clock, passes, self._resync.wrong)
        self.message, self.texts = self._intake.message, self._intake.texts  # see `Receiver`; called for every frame
        self._websocket: RecordedConnection
        self._task: asyncio.Future[Any] | None = None
        self._opened_at: float | None = None
        self._watchdog = Watchdog(time.monotonic())
        self._throttle = Throttle()
        self._pause_is_event = False
        self._sending = asyncio.Lock()
        self._changes: list[Change] = []
        if writer.watch is not None:
            writer.watch.add_connection(number, feed, self)

    @property
    def last_bytes(self) -> float:
        """When anything arrived last, control frames included: seconds of `time.monotonic`."""
        return self._watchdog.last_bytes

    @property
    def silence_limit(self) -> float | None:
        """See `FeedClient`."""
        return self._client.silence_limit

    @property
    def seconds_open(self) -> float:
        """Seconds since the handshake succeeded; 0 if it has not."""
        return 0.0 if self._opened_at is None else time.monotonic() - self._opened_at

    @property
    def frames(self) -> int:
        """Data frames received so far."""
        return self._intake.frames

    def attach(self, websocket: RecordedConnection) -> ConnectionLifecycle:
        """Become the receiver of a WebSocket on which nothing has arrived yet."""
        self._websocket = websocket
        return self

    def opened(self) -> None:
        """Record the opening; see `Receiver`."""
        self.state = self.state.become(ConnectionState.OPEN)
        self._opened_at = time.monotonic()
        self._intake.opened({"url": self._address.shown, **self._redaction.details(describe_opened(self._websocket))})

    def bytes_arrived(self) -> None:
        """Take the time; see `Receiver`."""
        self._watchdog.last_bytes = time.monotonic()
        self._intake.bytes_arrived()

    def read_done(self) -> None:
        """Pause reading if the recording is full, or end it if it is ending already; see `Receiver`."""
        if self.state is ConnectionState.CLOSING and self._recording.memory_is_exhausted:
            log.warning("out of memory while closing: connection %d is dropped", self.number)
            self.drop()
            return
        if self._recording.is_full and self.state is ConnectionState.RECORDING:
            self.state = self.state.become(ConnectionState.PAUSED)
            self._websocket.transport.pause_reading()
            self._writer.work()
            now = time.monotonic()
            if not self._recording.memory_is_full:
                self._throttle.begin(now)
                return
            self._pause_is_event = True
            self.event("pause", {"backlog": self._recording.backlog})
            if self._writer.memory_reminder.is_due(now):
                log.warning("no more memory for what the disk does not take: reading is paused, nothing is lost")

    def resume_reading(self) -> None:
        """Resume reading if it is paused: there is room again, or the connection is to be closed."""
        if self.state is ConnectionState.PAUSED:
            self.state = self.state.become(ConnectionState.RECORDING)
            now = time.monotonic()
            self._watchdog.restart(now)
            self._throttle.end(now)
            self._websocket.transport.resume_reading()
            if self._pause_is_event:
                self._pause_is_event = False
                self.event("resume", {})

    async def open(self, connecting: Coroutine[Any, Any, object]) -> bool:
        """
        Open the connection, with this as the receiver of the WebSocket.

        Args:
            connecting: Opens it.

        Returns:
            Whether it was opened; not if `close` was called before.

        Raises:
            ConnectError: If it cannot be opened.

        """
        task = self._task = asyncio.ensure_future(connecting)
        try:
            await asyncio.wait({task})
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if task.cancelled():
            return False
        task.result()
        return True

    async def run(self) -> None:
        """Record the connection, which is open, until it ends or `close` is called; then close it."""
        task = self._task = asyncio.ensure_future(self._attend())
        closed = asyncio.ensure_future(self._websocket.wait_closed())
        try:
            await asyncio.wait({task, closed}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not task.cancelled():
                task.result()
        finally:
            is_lost = self._websocket.protocol.state is State.CLOSED
            task.cancel()
            closed.cancel()
            await asyncio.gather(task, closed, return_exceptions=True)
            if not is_lost:
                self.close()
            await self._close_websocket()

    def resync(self, subscriptions: Sequence[Subscription]) -> None:
        """Subscribe books again after missed frames: those of what is asked for when it opens, and of what is later."""
        self._resync.turn_on(subscriptions)

    async def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Ask for more; on a connection that has not subscribed to anything yet, right after that."""
        self._resync.subscribed(subscriptions)
        await self._change(self._client.subscribe, subscriptions)

    async def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Ask for no more of something; as for `subscribe`."""
        self._resync.unsubscribed(subscriptions)
        await self._change(self._client.unsubscribe, subscriptions)

    def close(self) -> None:
        """Have the task that runs the connection close it; give up a connection that is still being opened."""
        self.resume_reading()
        if self.state is ConnectionState.CONNECTING:
            self._cancel()
        elif self.state is ConnectionState.OPEN:  # `open` is about to return, and `run` closes at once then
            self.state = self.state.become(ConnectionState.CLOSING)
        elif self.state is ConnectionState.RECORDING:
            self.state = self.state.become(ConnectionState.CLOSING)
            self._cancel()

    def drop(self) -> None:
        """Drop the connection without a close; unless `close` was called, it is recorded as lost."""
        if self.state is not ConnectionState.CONNECTING:
            self._websocket.transport.abort()

    def end(self) -> None:
        """Record the end of the connection, if it was open; drop it if it still is."""
        if self.state is ConnectionState.CONNECTING:
            self.state = self.state.become(ConnectionState.FAILED)
            return
        self._writer.work()  # the client half judges by all that came
        self.resume_reading()
        is_ours = self.state is ConnectionState.CLOSING
        self.state = self.state.become(ConnectionState.CLOSED)
        self.drop()
        protocol = self._websocket.protocol  # websockets 13 has code and reason only there
        code, reason = protocol.close_code or NO_CLOSE_FRAME, protocol.close_reason or ""
        details: dict[str, Any] = {"code": code, "reason": reason}
        if (rest := self._throttle.rest()) is not None:
            self.event("throttle", rest)
        if self._writer.failure is None:  # else frames are missing that the client half would judge by
            self.report(self._client.on_close(code, reason))
            self.notices.end()
        if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
            details["error"] = str(protocol.parser_exc)
            if protocol.close_rcvd is None and protocol.close_sent is not None:  # after this, no answer is read
                code = details["code"] = protocol.close_sent.code
            log.warning("connection %d: what arrived could not be read: %s", self.number, details["error"])
        self.event("close", details)
        if code == NO_CLOSE_FRAME and not is_ours:
            log.warning("connection %d was lost without a close frame: frames may be missing", self.number)
        else:
            log.info("connection %d closed: code %d%s", self.number, code, f" ({reason})" if reason else "")

    def event(self, name: str, details: dict[str, Any]) -> None:
        """Write an event of this connection, with the time of now."""
        self._write_event(name, self._redaction.details(details))

    def _write_event(self, name: str, details: dict[str, Any], time: int | None = None) -> None:
        self._intake.event(name, details, time)

    async def _attend(self) -> None:
        """Subscribe, then check acks and silence until the connection is closing."""
        if self.state is not ConnectionState.OPEN:
            return
        async with self._sending:
            self.state = self.state.become(ConnectionState.RECORDING)
            self.read_done()
            await self._send(self._client.on_open(self._clock.now()))
            for ask, subscriptions in self._changes:
                await self._send(ask(subscriptions, self._clock.now()))
        ticked = self.seconds_open
        # Once either end has begun to close, nothing more is recorded, and a venue may take its time to hang up.
        while self._websocket.protocol.state is State.OPEN:
            await asyncio.sleep(BUSY_TICK if self._resync.is_amid else TICK)
            self._writer.work()
            before, ticked = ticked, self.seconds_open
            if self.state is ConnectionState.PAUSED:
                self._client.on_pause(ticked - before)
            due = self._client.on_tick(ticked)
            now = self._intake.write_reading_if_due()  # a clock that is set while nothing arrives is noticed too
            self.report([one for one in due if isinstance(one, Notice)], now)
            self.notices.record_acceptance(now)
            async with self._sending:
                await self._send([one for one in due if isinstance(one, Message)])
            await self._subscribe_again()
            self._check_pause()
            await self._check_silence()

    async def _subscribe_again(self) -> None:
        """Do what is next for books that are wrong since frames were missed."""
        resync = self._resync
        if not resync.wrong.is_watching:
            return
        if self.state is ConnectionState.PAUSED:  # whatever has come is not read
            resync.hold(time.monotonic())
            return
        async with self._sending:
            while self._can_send and (asking := resync.next(time.monotonic(), self._clock.now())) is not None:
                self.event(asking.event, asking.details)
                await self._send(asking.messages)
                resync.sent(asking, time.monotonic())

    def _check_pause(self) -> None:
        """Report short pauses now and then, and read on if the disk has stalled while there is memory left."""
        if self.state is ConnectionState.PAUSED and not self._recording.is_full:
            self.resume_reading()
        now = time.monotonic()
        report = self._throttle.report(now)
        if report is not None:
            self.event("throttle", report)
            if self._writer.throttle_reminder.is_due(now):
                text = "the recorder does not keep up: reading was paused %d times, %.1f s in all; nothing is lost"
                log.warning(text, report["pauses"], report["seconds"])

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _change(
        self, ask: Callable[[Sequence[Subscription], int], list[Message]], subscriptions: Sequence[Subscription]
    ) -> None:
        """Send a change of the subscriptions, after everything sent before."""
        if self.state in {ConnectionState.CONNECTING, ConnectionState.OPEN}:
            self._changes.append((ask, subscriptions))
            return
        async with self._sending:
            if self._can_send:
                self._writer.work()  # an answer that has come is one to what was asked for before
                await self._send(ask(subscriptions, self._clock.now()))

    @property
    def _can_send(self) -> bool:
        is_ready = self.state in {ConnectionState.RECORDING, ConnectionState.PAUSED}
        return is_ready and self._websocket.protocol.state is State.OPEN

    async def _send(self, messages: list[Message]) -> None:
        for message in messages:
            await self._messages.turn()
            if not self._can_send:
                return
            recorded = self._redaction.message(message.payload)
            if message.redacted is not None:
                recorded = self._redaction.message(message.redacted)
            self._intake.sent(recorded, redacted=recorded != message.payload)
            try:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await self._websocket.send(message.payload.decode())
            except ConnectionClosed:
                return
            except TimeoutError:
                log.warning("the venue takes no messages: the connection is dropped")
                self.drop()
                return

    async def _check_silence(self) -> None:
        if self.state is ConnectionState.PAUSED:
            return
        now, websocket, limit = time.monotonic(), self._websocket, self._client.silence_limit
        verdict = self._watchdog.judge(
            now, self._intake.frames, is_amid_message=websocket.is_amid_message, frame_limit=limit
        )
        if verdict == "dead":
            seconds = self._watchdog.since_frame(now)
            log.warning("no frame has arrived for %.0f s: the connection is dead", seconds)
            self.event("silence", {"seconds": round(seconds, 3)})
            self.drop()
        elif verdict == "ping":
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT):
                    await websocket.ping()

    async def _close_websocket(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._websocket.close()
        except TimeoutError:
            log.info("the venue does not answer the close")
        finally:
            self.drop()  # close() of websockets 13 waits for TLS, which may take 30 s more
        await self._websocket.wait_closed()
