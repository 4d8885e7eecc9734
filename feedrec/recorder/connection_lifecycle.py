"""One connection while it is open: subscribe, watch that it lives, pause when the disk lags, close."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from ..feeds import Message, Notice, Subscription
from .connection import CLOSE_TIMEOUT, RecordedConnection
from .intake import Intake
from .output.growing_recording import GrowingRecording
from .rate_limit import RateLimit
from .watchdog import judge_silence

__all__ = ["ConnectionLifecycle"]

TICK = 0.25
"""Seconds between looks at the acks and the silence."""

SEND_TIMEOUT = 10.0
"""Seconds that a venue gets to take our messages."""

NO_CLOSE_FRAME = 1006
"""Close code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

log = logging.getLogger("feedrec")

Change = tuple[Callable[[Sequence[Subscription], int], list[Message]], Sequence[Subscription]]


class ConnectionLifecycle:
    """
    Looks after one connection; takes what arrives on it to an intake.

    Args:
        intake: The receive path.
        url: The address without secrets, for the recording.
        writer: The recording, whose backlog decides about pauses.
        stop_requested: Set when the run must end.
        messages: The venue's limit on messages.

    Attributes:
        was_open: Whether the connection was open at any time.

    """

    def __init__(
        self,
        intake: Intake,
        url: str,
        writer: GrowingRecording,
        stop_requested: asyncio.Event,
        messages: RateLimit | None = None,
    ) -> None:
        self._intake = intake
        self.message = intake.message  # see `Receiver`; without a detour, for it is called for every frame
        self._url = url
        self._writer = writer
        self._stop_requested = stop_requested
        self._messages = messages or RateLimit(None)
        self._connection: RecordedConnection
        self.was_open = False
        self._is_open = False
        self._closing = False
        self._paused = False
        self._asked = False
        self._last_bytes = self._last_frame = time.monotonic()
        self._frames_seen = 0
        self._leaving = asyncio.Event()
        self._sending = asyncio.Lock()
        self._has_subscribed = False
        self._changes: list[Change] = []

    def attach(self, connection: RecordedConnection) -> ConnectionLifecycle:
        """Become the receiver of a new connection."""
        self._connection = connection
        return self

    def opened(self) -> None:
        """Record the opening; see `Receiver`."""
        self._is_open = self.was_open = True
        self._intake.opened({"url": self._url, **_describe(self._connection)})

    def bytes_arrived(self) -> None:
        """Take the time; see `Receiver`."""
        self._last_bytes = time.monotonic()
        self._asked = False
        self._intake.bytes_arrived()

    def read_done(self) -> None:
        """Pause reading if the disk does not keep up; see `Receiver`."""
        if self._writer.is_full and not self._paused and not self._closing:
            self._paused = True
            self._connection.transport.pause_reading()
            log.warning("the disk does not keep up: reading is paused, nothing is lost")
            self._event("pause", {"backlog": self._writer.backlog})

    def resume_reading(self) -> None:
        """Read on: the backlog is written, or the connection is to be closed."""
        if self._paused:
            self._paused = self._asked = False
            self._last_bytes = self._last_frame = time.monotonic()
            self._connection.transport.resume_reading()
            self._event("resume", {})

    async def run(self) -> None:
        """Record the connection, which is open, until it ends or the run must; close it."""
        tasks = [
            asyncio.ensure_future(self._look_after()),
            asyncio.ensure_future(self._connection.wait_closed()),
            asyncio.ensure_future(self._stop_requested.wait()),
            asyncio.ensure_future(self._leaving.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done():
                await tasks[0]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def subscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Ask for more; on a connection that has not asked for anything yet, right after that."""
        await self._change((self._intake.client.subscribe, subscriptions))

    async def unsubscribe(self, subscriptions: Sequence[Subscription]) -> None:
        """Ask for no more of something; when, see `subscribe`."""
        await self._change((self._intake.client.unsubscribe, subscriptions))

    def leave(self) -> None:
        """Close the connection as soon as it is open: another one takes its place."""
        self._leaving.set()

    def drop(self) -> None:
        """Give the connection up, so that another can be opened."""
        self._connection.transport.abort()

    def end(self) -> None:
        """Drop the connection if it is still there, and record the end of one that was opened."""
        if not self._is_open:
            return
        self._is_open = self._paused = False
        connection, number = self._connection, self._intake.number
        connection.transport.abort()
        protocol = connection.protocol  # websockets 13 has code and reason only there
        details: dict[str, Any] = {"code": protocol.close_code or NO_CLOSE_FRAME, "reason": protocol.close_reason or ""}
        self._intake.closed(details["code"], details["reason"])
        if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
            details["error"] = str(protocol.parser_exc)
            log.warning("connection %d: what arrived could not be read: %s", number, details["error"])
        self._event("close", details)
        reason = f" ({details['reason']})" if details["reason"] else ""
        if details["code"] == NO_CLOSE_FRAME and not self._stop_requested.is_set():
            log.warning("connection %d was lost without a close frame: frames may be missing", number)
        else:
            log.info("connection %d closed: code %d%s", number, details["code"], reason)

    async def _look_after(self) -> None:
        """Subscribe, then look at acks and silence until the connection is closing."""
        opened = time.monotonic()
        async with self._sending:
            self._has_subscribed = True
            await self._send(self._intake.client.on_open(self._intake.stamp()))
            for ask, subscriptions in self._changes:
                await self._send(ask(subscriptions, self._intake.stamp()))
        # Whoever began to close: from there on nothing is recorded, and a venue may take its time to hang up.
        while self._connection.protocol.state is State.OPEN:
            await asyncio.sleep(TICK)
            due = self._intake.client.on_tick(time.monotonic() - opened)
            self._intake.report([one for one in due if isinstance(one, Notice)], self._intake.stamp())
            async with self._sending:
                await self._send([one for one in due if isinstance(one, Message)])
            await self._watch_silence()

    async def _change(self, change: Change) -> None:
        """Send what changes the subscriptions, behind all that was sent before."""
        if not self._has_subscribed:
            self._changes.append(change)
            return
        async with self._sending:
            if self._connection.protocol.state is State.OPEN:
                ask, subscriptions = change
                await self._send(ask(subscriptions, self._intake.stamp()))

    async def _send(self, messages: list[Message]) -> None:
        for message in messages:
            await self._messages.turn()
            if self._connection.protocol.state is not State.OPEN:
                return
            recorded = message.payload if message.redacted is None else message.redacted
            self._intake.sent(recorded, redacted=message.redacted is not None)
            try:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await self._connection.send(message.payload.decode())
            except ConnectionClosed:
                return
            except TimeoutError:
                log.warning("the venue takes no messages: the connection is dropped")
                self.drop()
                return

    async def _watch_silence(self) -> None:
        if self._paused:
            return
        now = time.monotonic()
        if self._intake.frames != self._frames_seen or self._connection.is_amid_message:
            self._frames_seen = self._intake.frames
            self._last_frame = self._last_bytes
        since_bytes, since_frame = now - self._last_bytes, now - self._last_frame
        limit = self._intake.client.silence_limit
        verdict = judge_silence(since_bytes, since_frame, asked=self._asked, frame_limit=limit)
        if verdict == "dead":
            log.warning("no frame has arrived for %.0f s: the connection is dead", since_frame)
            self._event("silence", {"seconds": round(since_frame, 3)})
            self.drop()
        elif verdict == "ask":
            self._asked = True
            with contextlib.suppress(ConnectionClosed, TimeoutError):
                async with asyncio.timeout(SEND_TIMEOUT):
                    await self._connection.ping()

    async def _close(self) -> None:
        self._closing = True  # no more pauses: a paused socket would never show the answer to our close
        self.resume_reading()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._connection.close()
        except TimeoutError:
            log.info("the venue does not answer the close")
        finally:
            self._connection.transport.abort()  # close() of websockets 13 waits for TLS, which may take 30 s more
        await self._connection.wait_closed()

    def _event(self, name: str, details: dict[str, Any]) -> None:
        self._intake.event(name, details, self._intake.stamp())


def _describe(connection: RecordedConnection) -> dict[str, Any]:
    """Give what else is known of a connection that just opened."""
    described: dict[str, Any] = {}
    peer = connection.remote_address
    if peer:
        host, port = peer[:2]
        described["address"] = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if connection.response is not None:
        extensions = connection.response.headers.get_all("Sec-WebSocket-Extensions")
        if extensions:
            described["extensions"] = ", ".join(extensions)
    return described
