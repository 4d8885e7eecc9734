"""
Whom the server lets in, and the answer for all others.

A connection waits until its handshake is here, which takes a moment, or while it is kept open between HTTP requests.
There are only so many places to wait: beyond that, the connection that has waited longest is dropped. Whoever opens
connections without a word keeps nobody out. Those whose request is being answered are spared, up to half of all.
"""

from __future__ import annotations

import http
import logging
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

from websockets.http11 import Request

from ..http_messages import Headers
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
    """
    How a handshake is refused.

    Attributes:
        status: The HTTP status.
        reason: Why: one line.
        is_wanted: Whether whoever runs the server wants it to be: then the client is not to blame.
        retry_after: For how many seconds the client is asked to stay away; empty for none.
        is_reset: Whether it gets no answer at all: the connection is dropped.

    """

    status: int
    reason: str
    is_wanted: bool = False
    retry_after: str = ""
    is_reset: bool = False


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
        too_many: What is said when there are as many clients as may be; `{clients}` becomes their number, and a verb.

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
        too_many: str = "{clients} connected already; --max-clients allows more",
    ) -> None:
        self._hosts = hosts
        self._paths = paths
        self._has_path = has_path
        self._venue_refusal = venue_refusal
        self._max_clients = max_clients
        self._max_waiting = max_waiting
        self._log = log
        self._too_many = too_many
        self._waiting: dict[_C, None] = {}  # the oldest first
        self._answered: dict[_C, None] = {}  # those whose request is being answered, the oldest first
        self._clients: set[_C] = set()

    def begin(self, connection: _C) -> None:
        """Have a new connection wait for its handshake; drop the one that has waited longest if they are too many."""
        self._waiting[connection] = None
        if len(self._waiting) + len(self._answered) > self._max_waiting:
            line = self._answered if len(self._answered) > self._max_waiting // 2 else self._waiting
            oldest = next(iter(line))
            del line[oldest]
            self._log.log(logging.INFO, "a connection was dropped: %d others wait for a handshake", self._max_waiting)
            oldest.transport.abort()

    def begin_answer(self, connection: _C) -> None:
        """Spare a connection while its request is answered."""
        if connection in self._waiting:
            del self._waiting[connection]
            self._answered[connection] = None

    def end_answer(self, connection: _C) -> None:
        """Have it wait again, behind all others."""
        if connection in self._answered:
            del self._answered[connection]
            self._waiting[connection] = None

    def end(self, connection: _C) -> None:
        """Forget a connection that is gone."""
        self._waiting.pop(connection, None)
        self._answered.pop(connection, None)
        self._clients.discard(connection)

    def abort(self, *, answered: bool = False) -> None:
        """Drop all connections that wait, and if asked those whose requests are being answered."""
        for connection in [*self._waiting, *(self._answered if answered else ())]:
            connection.transport.abort()

    @property
    def are_here(self) -> bool:
        """Whether any connection waits, or has a request that is being answered."""
        return bool(self._waiting or self._answered)

    def refusal(self, connection: _C, request: Request) -> Refusal | None:
        """Decide on a handshake, and log a refusal; None if there is none."""
        refusal = self._handshake_refusal(request) or self._venue_refusal(connection, request)
        if refusal is None:
            self._waiting.pop(connection, None)
            self._clients.add(connection)
        return self._logged(refusal)

    def plain_refusal(self, headers: Headers) -> Refusal | None:
        """Decide by its headers on a request that is no handshake, and log a refusal; None if there is none."""
        hosts, origins = ([value for name, value in headers if name == wanted] for wanted in ("host", "origin"))
        reason = self._hosts.host_refusal(hosts) or self._hosts.origin_refusal(origins, hosts)
        return self._logged(None if reason is None else Refusal(http.HTTPStatus.FORBIDDEN, reason))

    def _logged(self, refusal: Refusal | None) -> Refusal | None:
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
            return Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, self._too_many.format(clients=clients))
        return None
