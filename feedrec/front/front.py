"""
A TCP connection from its first byte on: HTTP requests are answered, a WebSocket is handed over.

The head of each request is looked at. If it is a handshake, the connection belongs to the websockets library from then
on, as if it had always: the head and whatever followed it are the first bytes that the library gets. So there may have
been any number of requests before. Anything else goes through h11, one request after another. A client can do harm by
sending without end, by not reading, and by saying nothing. So

1. While a request is answered, no more is read than once: its own system makes a client wait that sends more. One that
   goes away meanwhile is noticed. One that only says that it sends no more may still want the answer; but where that
   needs its asker (`Fronts.needs_asker`), it is taken to have gone: a program that was killed says the same.
2. Heads, bodies, and answers that nobody reads have limits of size and time; see `HttpLimits`.
3. The steps of all connections take turns (see `Turns`).
4. After an error the connection is closed, but what the client still sends is read for a moment, and thrown away: else
   its system would throw away the answer (RFC 9112, 9.6).
"""

from __future__ import annotations

import asyncio
import http
import logging
from collections.abc import Callable
from typing import cast

from ..admission.handshakes import Refusal
from ..admission.listening import host_and_port
from ..http_messages import HttpAnswer, sentence
from .exchange import Exchange
from .fronts import Fronts
from .head import BODY_IN_HANDSHAKE, LONGEST_HEAD, Head, read_head

__all__ = ["Front"]

_PIECE = 1 << 14  # bytes of a body that h11 gets at once
_SLICE = 1 << 17  # bytes that are written at once
_MOST_THROWN_AWAY = 1 << 23  # bytes after an error

_TIMED_OUT = Refusal(http.HTTPStatus.REQUEST_TIMEOUT, "the request took too long")
_FAILED = sentence(
    http.HTTPStatus.INTERNAL_SERVER_ERROR, "this request could not be answered because of an error in feedrec"
)
_CUT_OFF = Refusal(http.HTTPStatus.BAD_REQUEST, "the body is not what its head says")


class Front(asyncio.Protocol):
    """
    A connection until it is a WebSocket.

    Args:
        fronts: What it shares with the others.
        make_websocket: Makes the protocol of the websockets library, which takes over.

    Attributes:
        transport: The transport, with or without TLS.

    """

    transport: asyncio.Transport

    def __init__(self, fronts: Fronts, make_websocket: Callable[[], asyncio.Protocol]) -> None:
        self._fronts = fronts
        self._limits = fronts.limits
        self._make_websocket = make_websocket
        self._loop = asyncio.get_running_loop()
        self._unread = bytearray()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._change: asyncio.Future[None] | None = None  # what the task waits for: bytes, or room for them
        self._is_full = self._is_eof = self._is_lost = False
        self._is_between = False  # requests
        self._is_ending = False
        self._needs_asker = False  # the answer that is made
        self._thrown_away = 0

    # Methods that asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(1, 0)  # any of an answer that waits; 0 is no mark that TLS knows
        self._fronts.handshakes.begin(self)
        self._set_timer(self._limits.head_time, self._time_out)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._stop_timer()
        if self._task is not None:
            self._task.cancel()
        self._fronts.handshakes.end(self)
        self._fronts.on_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_ending:
            self._thrown_away += len(data)
            if self._thrown_away > _MOST_THROWN_AWAY:
                self._abort()
            return
        self._unread += data
        if self._task is not None:
            self.transport.pause_reading()
            self._wake()
            return
        if self._is_between:
            self._is_between = False
            self._set_timer(self._limits.head_time, self._time_out)
        self._go_on(self._next_head())

    def eof_received(self) -> bool:
        self._is_eof = True
        self._wake()
        has_tls = self.transport.get_extra_info("sslcontext") is not None
        return self._task is not None and not has_tls and not self._needs_asker  # else asyncio closes it

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._wake()

    # What comes next

    def _next_head(self) -> Head | None:
        return read_head(bytes(self._unread[:LONGEST_HEAD]))

    def _go_on(self, head: Head | None) -> None:
        """Do what is to be done about the next request, as far as it is here."""
        if head is None:
            return
        if head.is_handshake:
            self._hand_over()
        elif head.refusal is not None and not head.is_http:
            self._tell_of(head.refusal)
            self._abort()
        else:
            self._stop_timer()
            self._task = self._loop.create_task(self._answer_all(head))

    def _hand_over(self) -> None:
        """Have the library take over, as if it had had this connection from the start."""
        self._stop_timer()
        self._fronts.handshakes.end(self)
        if self._fronts.is_closing:
            self._abort()
            return
        data = bytes(self._unread)
        self._unread.clear()
        websocket = self._make_websocket()
        self.transport.set_protocol(websocket)
        websocket.connection_made(self.transport)
        self.transport.resume_reading()
        websocket.data_received(data)
        if self._is_eof and not websocket.eof_received():
            self.transport.close()

    async def _answer_all(self, first: Head) -> None:
        """Answer request after request, as long as they are here."""
        fronts, head = self._fronts, cast(Head | None, first)
        fronts.handshakes.begin_answer(self)
        try:
            while head is not None and not head.is_handshake:
                await fronts.turns.wait()
                if not await self._answer_one(head):
                    self._end()
                    return
                head = self._next_head()
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            fronts.fail(error)
            self._abort()
            return
        finally:
            self._task = None
            fronts.handshakes.end_answer(self)
        if head is not None:
            self._hand_over()
        elif self._is_eof or fronts.is_closing:
            self._end()
        else:
            self._is_between = not self._unread
            self._set_timer(self._limits.idle_time if self._is_between else self._limits.head_time, self._time_out)
            self.transport.resume_reading()

    # One request

    async def _answer_one(self, head: Head) -> bool:
        """Answer a request; return whether another may follow."""
        exchange, fronts = Exchange(self._limits.longest_body), self._fronts
        data = bytes(self._unread[: head.size])
        del self._unread[: head.size]
        refusal = head.refusal or exchange.take_head(data)
        is_malformed = refusal is not None
        told = None
        if refusal is None:
            request = exchange.request(self._address)
            refusal = fronts.refusal(request)
            told = None if refusal is None else fronts.tell_refusal(request, refusal)
        if refusal is None:
            refusal = await self._read_body(exchange)
            is_malformed = refusal is not None
        if refusal is not None:
            if is_malformed:
                self._tell_of(refusal)
            await self._write(*exchange.answer(told or self._sentence(refusal), ends=True))
            return False
        answer = await self._answer_to(exchange)
        try:
            await self._write(*self._as_sent(exchange, answer))
        finally:
            fronts.on_sent(answer)
        return exchange.may_go_on

    async def _answer_to(self, exchange: Exchange) -> HttpAnswer:
        request = exchange.request(self._address)
        self._needs_asker = self._fronts.needs_asker(request)
        try:
            return await self._fronts.answer(request)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self._fronts.fail(error)
            return _FAILED
        finally:
            self._needs_asker = False

    def _as_sent(self, exchange: Exchange, answer: HttpAnswer) -> tuple[bytes, bytes]:
        try:
            return exchange.answer(answer, ends=self._fronts.is_closing or answer is _FAILED)
        except Exception as error:  # noqa: BLE001  as above
            self._fronts.fail(error)
            return exchange.answer(_FAILED, ends=True)

    async def _read_body(self, exchange: Exchange) -> Refusal | None:
        """Read the body; return what is wrong with it."""
        try:
            async with asyncio.timeout(self._limits.body_time):
                while (refusal := exchange.read_on()) is None and not exchange.is_whole:
                    if exchange.has_more:
                        await self._fronts.turns.wait()
                    elif self._unread:
                        exchange.take(bytes(self._unread[:_PIECE]))
                        del self._unread[:_PIECE]
                    elif self._is_eof:
                        return _CUT_OFF
                    else:
                        self.transport.write(exchange.go_on)
                        self.transport.resume_reading()
                        await self._wait_for_change()
                self._unread[:0] = exchange.rest
                return refusal
        except TimeoutError:
            return _TIMED_OUT

    async def _write(self, head: bytes, body: bytes) -> None:
        """Write an answer, in slices if it is large, as far as the client reads it."""
        self.transport.write(head + body[:_SLICE])
        for start in range(_SLICE, len(body), _SLICE):
            await self._room()
            await asyncio.sleep(0)
            self.transport.write(body[start : start + _SLICE])
        await self._room()

    async def _room(self) -> None:
        """Wait until the client has read enough; drop it if it reads nothing."""
        while self._is_full:
            unread = self.transport.get_write_buffer_size()
            try:
                async with asyncio.timeout(self._limits.write_deadline):
                    await self._wait_for_change()
            except TimeoutError:
                if self.transport.get_write_buffer_size() >= unread:
                    self._abort()

    async def _wait_for_change(self) -> None:
        self._change = self._loop.create_future()
        try:
            await self._change
        finally:
            self._change = None

    def _wake(self) -> None:
        if self._change is not None and not self._change.done():
            self._change.set_result(None)

    # The end

    def _time_out(self) -> None:
        if self._is_between or not self._unread:
            self._abort()
        else:
            self._go_on(Head(len(self._unread), refusal=_TIMED_OUT))

    def _end(self) -> None:
        """Close the connection once the client has read the last answer, or after a while."""
        self._is_ending = True
        self._unread.clear()
        if self._is_lost:
            return
        self._set_timer(self._limits.linger_time, self._abort)
        if self._is_eof or not self.transport.can_write_eof():
            self.transport.close()
        elif not self.transport.is_closing():
            try:
                self.transport.write_eof()
            except OSError:  # asyncio lets it out if the client has reset the connection just now
                self._abort()
            self.transport.resume_reading()

    def _abort(self) -> None:
        if not self._is_lost:
            self.transport.abort()

    def _set_timer(self, seconds: float, then: Callable[[], object]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, then)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What is said

    @property
    def _address(self) -> str:
        """Where the client is, as it is written in a URL."""
        peer = self.transport.get_extra_info("peername")
        return host_and_port(peer) if peer else ""

    def _sentence(self, refusal: Refusal) -> HttpAnswer:
        text = refusal.reason
        if refusal is BODY_IN_HANDSHAKE:
            text += f": connect a WebSocket client to {self._fronts.url()}"
        return sentence(refusal.status, text)

    def _tell_of(self, refusal: Refusal) -> None:
        self._fronts.log.log(logging.INFO, "a request was refused: %s", refusal.reason)
