"""All connections of a server until they are WebSockets: what they share, and how they end."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from websockets.asyncio.server import Server

from ..admission.failure import place_of
from ..admission.handshakes import Handshakes, Refusal
from ..admission.log_limit import Log
from ..http_messages import HttpAnswer, HttpRequest
from .turns import Turns

__all__ = ["Fronts", "HttpLimits"]

_POLL = 0.05  # seconds between looks at who is left


class HttpLimits(msgspec.Struct, frozen=True):
    """
    What a connection may take until it is a WebSocket. Times are in seconds.

    Attributes:
        longest_body: Bytes of the content of a request.
        head_time: For a head, and for the first one from the moment of the connection on.
        body_time: For a body.
        idle_time: Between two requests.
        write_deadline: Without any of an answer being read.
        linger_time: For the client to read a last answer, and to close.

    """

    longest_body: int = 1 << 20
    head_time: float = 10.0
    body_time: float = 10.0
    idle_time: float = 75.0
    write_deadline: float = 30.0
    linger_time: float = 2.0


class Fronts:
    """
    What all connections of a server share until they are WebSockets.

    Args:
        answer: Answers a request; it is cancelled if the client goes. An error that it raises is a bug.
        handshakes: Where the connections wait, and whose requests are answered.
        on_refused: Called if a request is refused for its host or origin.
        on_failed: Called if an answer failed; the client gets 500.
        on_lost: Called when a connection is lost that was no WebSocket, with what broke it.
        url: Returns where WebSocket clients connect to.
        log: Takes a line for each request that is malformed, and for each bug.
        limits: What a connection may take.

    Attributes:
        turns: Whose turn it is.
        tell_refusal: Returns what a request is answered that is refused for its host or origin; None for a sentence.
        needs_asker: Tells whether the answer to a request is made only as long as the client may still send.
        on_sent: Called with each answer once the client has it, or has gone.
        is_closing: Whether no connection becomes a WebSocket any more, or gets another answer.

    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], Awaitable[HttpAnswer]],
        handshakes: Handshakes[Any],
        *,
        on_refused: Callable[[], object] = lambda: None,
        on_failed: Callable[[], object] = lambda: None,
        on_lost: Callable[[Exception | None], object] = lambda _: None,
        url: Callable[[], str],
        log: Log,
        limits: HttpLimits | None = None,
    ) -> None:
        self.answer = answer
        self.handshakes = handshakes
        self._on_refused = on_refused
        self._on_failed = on_failed
        self.tell_refusal: Callable[[HttpRequest, Refusal], HttpAnswer | None] = lambda *_: None
        self.needs_asker: Callable[[HttpRequest], bool] = lambda _: False
        self.on_sent: Callable[[HttpAnswer], object] = lambda _: None
        self.on_lost = on_lost
        self.url = url
        self.log = log
        self.limits = limits or HttpLimits()
        self.turns = Turns()
        self.is_closing = False

    def refusal(self, request: HttpRequest) -> Refusal | None:
        """Return why a request, whose body is not here yet, is refused, and log that; None if it is answered."""
        refusal = self.handshakes.plain_refusal(request.headers)
        if refusal is not None:
            self._on_refused()
        return refusal

    def fail(self, error: Exception) -> None:
        """Take note of a bug of ours."""
        self.log.log(logging.ERROR, "the answer to a request failed: %s", place_of(error))
        self._on_failed()

    async def close(self, server: Server, patience: float) -> None:
        """
        Stop listening, and wait until every connection is gone; those that are WebSockets are closed by others.

        Args:
            server: What listens.
            patience: Seconds for answers that are under way; whatever else is no WebSocket is dropped at once.

        """
        self.is_closing = True
        deadline = time.monotonic() + patience
        server.close(close_connections=False)
        closed = asyncio.ensure_future(server.wait_closed())
        while not closed.done() or self.handshakes.are_here:  # Python 3.11 does not wait for connections
            self.handshakes.abort(answered=time.monotonic() >= deadline)
            if closed.done():
                await asyncio.sleep(_POLL)
            else:
                await asyncio.wait({closed}, timeout=_POLL)
