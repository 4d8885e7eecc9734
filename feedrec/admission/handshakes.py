"""
Whom the server lets in, and the answer for all others.

A connection waits until its request is here, which takes a moment. There are only so many places to wait: beyond that,
the connection that has waited longest is dropped. Whoever opens connections without a word keeps nobody out.
"""

from __future__ import annotations

import http
import logging
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from websockets.http11 import Request

from .allowed_hosts import AllowedHosts
from .log_limit import Log

__all__ = ["Handshakes", "Refusal"]

_LONGEST_PATH = 80  # characters of a requested path that are shown


class _Transport(Protocol):
    def abort(self) -> None: ...


class Connection(Protocol):
    """A connection as far as it matters here."""

    @property
    def transport(self) -> _Transport:
        """What drops it."""


_C = TypeVar("_C", bound=Connection)


class Refusal(NamedTuple):
    """An HTTP status, and why: one line."""

    status: http.HTTPStatus
    reason: str


class Handshakes(Generic[_C]):
    """
    Decides on handshakes, one after another, and counts the clients.

    Args:
        hosts: Whose pages may connect.
        paths: The paths that clients choose from.
        has_path: Tells whether something is served at a request target.
        venue_refusal: Tells whether the venue itself refuses a request, which nothing else speaks against.
        max_clients: How many clients may be connected at a time.
        max_waiting: How many connections may wait for their handshake.
        log: Takes a line for each refusal.

    """

    def __init__(
        self,
        hosts: AllowedHosts,
        *,
        paths: list[str],
        has_path: Callable[[str], bool],
        venue_refusal: Callable[[_C, Request], Refusal | None],
        max_clients: int,
        max_waiting: int,
        log: Log,
    ) -> None:
        self._hosts = hosts
        self._paths = paths
        self._has_path = has_path
        self._venue_refusal = venue_refusal
        self._max_clients = max_clients
        self._max_waiting = max_waiting
        self._log = log
        self._waiting: dict[_C, None] = {}  # the oldest first
        self._clients: set[_C] = set()

    def begin(self, connection: _C) -> None:
        """Have a new connection wait for its handshake; drop the one that has waited longest if they are too many."""
        self._waiting[connection] = None
        if len(self._waiting) > self._max_waiting:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._log.log(logging.INFO, "a connection was dropped: %d others wait for a handshake", self._max_waiting)
            oldest.transport.abort()

    def end(self, connection: _C) -> None:
        """Forget a connection that is gone."""
        self._waiting.pop(connection, None)
        self._clients.discard(connection)

    def abort(self) -> None:
        """Drop all connections that wait."""
        for connection in list(self._waiting):
            connection.transport.abort()

    def refusal(self, connection: _C, request: Request) -> Refusal | None:
        """
        Decide on a request, and log a refusal.

        Returns:
            Why it is refused; None if it is not, or if it is no handshake: the library answers that.

        """
        if "Upgrade" not in request.headers:  # which no web page can make a browser send, except for a WebSocket
            reason = self._hosts.host_refusal(request.headers.get_all("Host"))
            refusal = None if reason is None else Refusal(http.HTTPStatus.FORBIDDEN, reason)
        else:
            refusal = self._handshake_refusal(request) or self._venue_refusal(connection, request)
            if refusal is None:
                self._waiting.pop(connection, None)
                self._clients.add(connection)
        if refusal is not None:
            self._log.log(logging.WARNING, "a client was refused: %s", refusal.reason)
        return refusal

    def _handshake_refusal(self, request: Request) -> Refusal | None:
        headers = request.headers
        reason = self._hosts.origin_refusal(headers.get_all("Origin"), headers.get_all("Host"))
        if reason is not None:
            return Refusal(http.HTTPStatus.FORBIDDEN, reason)
        if not self._has_path(request.path):
            path = request.path.partition("?")[0] or "/"
            shown = path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}..."
            reason = f"unknown path {shown!r}; the paths are {', '.join(self._paths)}"
            return Refusal(http.HTTPStatus.NOT_FOUND, reason)
        if len(self._clients) >= self._max_clients:
            clients = "1 client is" if self._max_clients == 1 else f"{self._max_clients:,} clients are"
            reason = f"{clients} connected already; --max-clients allows more"
            return Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, reason)
        return None
