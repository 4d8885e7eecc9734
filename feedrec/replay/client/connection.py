"""
The WebSocket connection of one client: what it may send, and what waits for it to read.

A client can do harm by sending without end, by not reading, and by both. So

1. What arrives is parsed a little at a time, and only while the client has messages left in its bucket. Beyond that,
   nothing is read from its socket: its own system makes it wait.
2. What is written goes to the transport in slices while that takes them, since asyncio copies what it buffers. The
   rest waits here, as it is. Between two slices, the event loop does what else is due: 5 MB at once would make the
   frames of other clients late. What the library itself sends (a pong, a close) waits until no message is half written.
3. While the transport takes nothing, nothing is read either: who does not read gets no answers.
4. When both sides have said that they close, the server closes the connection at once (RFC 6455, 7.1.1). The library
   would wait for the client to do so, which some clients leave to their collection of garbage.
5. A client that has read nothing for the time of the write deadline while something waits for it is dropped.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State
from websockets.typing import Subprotocol

from ...admission.handshakes import Refusal
from ...admission.listening import host_and_port
from ...admission.token_bucket import TokenBucket

__all__ = [
    "MAX_MESSAGE",
    "MESSAGES_AT_ONCE",
    "MESSAGES_PER_SECOND",
    "TRANSPORT_LIMIT",
    "ReplayConnection",
    "address_of",
    "host_of",
]

_PHRASES = {status.value: status.phrase for status in HTTPStatus}

MESSAGES_AT_ONCE = 1000
"""Messages, pings and fragments that a client may send at once; a large one counts once for each KiB."""

MESSAGES_PER_SECOND = 200.0
"""How many more it may send each second."""

MAX_MESSAGE = 1 << 18
"""Bytes that a client may send in one message, uncompressed."""

TRANSPORT_LIMIT = 1 << 17
"""Bytes in the transport's buffer above which it takes no more."""

_MOST_FRAGMENTS = 1000  # of one message
_UNIT = 1 << 10  # bytes that count as one message
_PARSED_AT_ONCE = 1 << 12  # bytes; there may be some 700 empty messages in them
_SLICE = 1 << 17
_WRITTEN_AT_ONCE = 5 << 16  # bytes: a batch of messages at full speed
_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class ReplayConnection(ServerConnection):
    """
    A connection of the library, with bounds.

    Attributes:
        on_made: Called with it when its handshake is here, before that is read.
        on_lost: Called with it when the client is gone.
        write_deadline: Seconds after which a client that reads nothing is dropped.
        has_stopped_reading: Whether it was.
        lost_by: What broke the connection, once it is lost; None if it was closed.

    """

    on_made: Callable[[ReplayConnection], object]
    on_lost: Callable[[ReplayConnection], object]
    write_deadline: float

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.has_stopped_reading = False
        self._is_lost = False
        self.lost_by: Exception | None = None
        self._bucket = TokenBucket(MESSAGES_AT_ONCE, MESSAGES_PER_SECOND, time.monotonic())
        self._unparsed = bytearray()
        self._fragments = 0
        self._messages_wait = False
        self._refill: asyncio.TimerHandle | None = None
        self._unwritten: deque[memoryview] = deque()
        self._unwritten_size = 0
        self._next_slice: asyncio.Handle | None = None
        self._writers: set[asyncio.Future[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None
        self._take: Callable[[bytes, bool], object] | None = None
        self._taken_early: list[tuple[bytes, bool]] = []
        self._parts: list[bytes] = []  # of the message whose fragments arrive
        self._is_binary = False

    def expect(self, messages: float, subprotocol: str) -> None:
        """
        Be ready for a client of which it is known what it must send, before the handshake is answered.

        Its messages are for `take_messages`; the library's `recv` may lose those that come right before a close
        (websockets 13.1).

        Args:
            messages: How many of at most 1 KiB it may send more at once.
            subprotocol: What is agreed on if it offers that; empty for none.

        """
        self._take = lambda payload, binary: self._taken_early.append((payload, binary))
        self._bucket = TokenBucket(MESSAGES_AT_ONCE + messages, MESSAGES_PER_SECOND, time.monotonic())
        self.protocol.select_subprotocol = (  # type: ignore[method-assign]  # as its own argument does it
            lambda subprotocols: Subprotocol(subprotocol) if subprotocol in subprotocols else None
        )

    def take_messages(self, take: Callable[[bytes, bool], object]) -> None:
        """Pass each message to `take` when it arrives, with whether it is binary; those that are here already now."""
        self._take = take
        for payload, binary in self._taken_early:
            take(payload, binary)
        self._taken_early.clear()

    @property
    def waiting(self) -> int:
        """Bytes that wait for the client to read."""
        return self._unwritten_size + self.transport.get_write_buffer_size()

    def write(self, data: bytes | memoryview) -> None:
        """Write messages, now or when the client has read what was written before; part of one if the rest follows."""
        if self._unwritten or self.paused or len(data) > _WRITTEN_AT_ONCE:
            self._unwritten.append(memoryview(data))
            self._unwritten_size += len(data)
            if self._next_slice is None:
                self._write_on()
        else:
            self.transport.write(data)

    async def written_down_to(self, size: int) -> None:
        """Wait until no more than so many bytes wait, or the client is gone."""
        while self.waiting > size and (self.paused or self._unwritten):
            writer = self.loop.create_future()
            self._writers.add(writer)
            try:
                await writer
            finally:
                self._writers.discard(writer)

    def drop(self) -> None:
        """Abort the connection, if it is not lost already: then the transport of asyncio would raise an error."""
        if not self._is_lost:
            self.transport.abort()

    async def close_within(self, seconds: float, code: int, reason: str = "") -> None:
        """Close the connection within a bounded time, whatever the client does."""
        try:
            async with asyncio.timeout(seconds):
                await self.close(code, reason)
        except TimeoutError:
            self.drop()

    def refuse(self, refusal: Refusal) -> Response:
        """Return what answers a handshake that is refused; where nothing is to, the connection is reset."""
        if refusal.is_reset:
            socket: Any = self.transport.get_extra_info("socket")
            if socket is not None:
                socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            self.drop()
        response = self.respond(HTTPStatus.SERVICE_UNAVAILABLE, f"{refusal.reason}\n")
        response.status_code, response.reason_phrase = refusal.status, _PHRASES.get(refusal.status, "")
        if refusal.retry_after:
            response.headers["Retry-After"] = refusal.retry_after
        return response

    async def all_written(self) -> None:
        """Wait until the system has every byte, or the client is gone."""
        # A transport of TLS pauses at its mark, not above it: at 0, for ever (asyncio.sslproto).
        limits = (0, 0) if self.transport.get_extra_info("sslcontext") is None else (1, 0)
        self.transport.set_write_buffer_limits(*limits)
        await self.written_down_to(0)

    async def flushed(self) -> None:
        """Wait for the same, and go on as before."""
        if self.waiting:
            await self.all_written()
            self.transport.set_write_buffer_limits(TRANSPORT_LIMIT)

    @property
    def _is_closing(self) -> bool:
        """Whether the server closes the connection, and waits for the client's close."""
        return self.protocol.close_sent is not None and self.protocol.close_rcvd is None

    async def recv(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().recv(*arguments, **options)
        except IndexError:  # of websockets 13.1, which loses a message that came right before the end
            await self.wait_closed()
            raise self.protocol.close_exc from None

    # Methods that the library calls, or that asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.recv_messages.pause = self._pause_messages
        self.recv_messages.resume = self._resume_messages
        self.on_made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost_by = exc
        self._is_lost = True
        for timer in (self._refill, self._deadline, self._next_slice):
            if timer is not None:
                timer.cancel()
        self._unparsed.clear()
        self._unwritten.clear()
        self._unwritten_size = 0
        super().connection_lost(exc)
        self._wake_writers()
        self.on_lost(self)

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        self._parse_on()

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame):
            self._bucket.take(max(1.0, len(event.data) / _UNIT), time.monotonic())
            if event.opcode in _DATA:
                self._fragments = self._fragments + 1 if event.opcode is Opcode.CONT else 0
                if self._fragments > _MOST_FRAGMENTS and self.protocol.state is State.OPEN:
                    self.protocol.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
                    self.send_data()
                if self._is_closing:
                    return  # nobody listens any more
                if self._take is not None:
                    self._collect(event, self._take)
                    return
        super().process_event(event)

    def _collect(self, frame: Frame, take: Callable[[bytes, bool], object]) -> None:
        """Pass a message on once it is whole."""
        if frame.opcode is not Opcode.CONT:
            self._is_binary = frame.opcode is Opcode.BINARY
        self._parts.append(bytes(frame.data))
        if frame.fin:
            payload = b"".join(self._parts)
            self._parts.clear()
            take(payload, self._is_binary)

    def send_data(self) -> None:
        if not self._unwritten and not self.paused:  # else once all that waits is written
            super().send_data()
            if self.protocol.close_sent is not None and self.protocol.close_rcvd is not None:
                self.transport.close()
        if self._messages_wait and self._is_closing:
            self.loop.call_soon(self._parse_on)  # the client's close stands behind messages that nobody takes

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size() + 1)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._deadline is not None:
            self._deadline.cancel()
        self._write_on()
        self._parse_on()

    # What a client sends

    def _parse_on(self) -> None:
        """Parse what has arrived as far as the client may send it, and read on if that is all."""
        while self._unparsed and self._may_send():
            piece = bytes(self._unparsed[:_PARSED_AT_ONCE])
            del self._unparsed[:_PARSED_AT_ONCE]
            super().data_received(piece)
        if self.transport.is_closing():
            return
        if self._unparsed or not self._may_send():
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _may_send(self) -> bool:
        if self.paused or (self._messages_wait and not self._is_closing):
            return False
        wait = self._bucket.wait(time.monotonic())
        if wait and self._refill is None:
            self._refill = self.loop.call_later(wait, self._refilled)
        return not wait

    def _refilled(self) -> None:
        self._refill = None
        self._parse_on()

    def _pause_messages(self) -> None:
        self._messages_wait = True

    def _resume_messages(self) -> None:
        self._messages_wait = False
        self._parse_on()

    # What it has to read

    def _write_on(self) -> None:
        """Write what waits as far as the transport takes it, a slice at a time."""
        self._next_slice = None
        if self._unwritten and not self.paused:
            self.transport.write(self._take_slice())
            if self._unwritten and not self.paused:
                self._next_slice = self.loop.call_soon(self._write_on)
        self.send_data()
        self._wake_writers()

    def _take_slice(self, most: int = _SLICE) -> bytes | memoryview:
        """Take the first bytes of what waits. Small messages are joined: to write each by itself would cost more."""
        parts, room = list[memoryview](), most
        while room and self._unwritten:
            first = self._unwritten.popleft()
            parts.append(first[:room])
            if len(first) > room:
                self._unwritten.appendleft(first[room:])
            room -= len(parts[-1])
        self._unwritten_size -= most - room
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _wake_writers(self) -> None:
        for writer in self._writers:
            if not writer.done():
                writer.set_result(None)

    def _watch(self, unread: int) -> None:
        """Drop the client if less than this is not unread by then."""
        now_unread = self.transport.get_write_buffer_size()
        if now_unread >= unread:
            self.has_stopped_reading = True
            self.transport.abort()
        else:
            self._deadline = self.loop.call_later(self.write_deadline, self._watch, now_unread)


def host_of(connection: ReplayConnection) -> str:
    """Return the address that a client came from, without the port; empty if it is gone."""
    remote = connection.remote_address
    return str(remote[0]) if remote else ""


def address_of(connection: ReplayConnection) -> str:
    """Return where a client came from, as people write it."""
    remote = connection.remote_address
    return host_and_port(remote) if remote else "unknown"
