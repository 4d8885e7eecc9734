"""
Where connections become clients of a venue: HTTP requests are answered, handshakes decided on.

It is the same whether recordings are replayed or a feed is served live.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Protocol, cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ..admission.allowed_hosts import AllowedHosts, parse_host_name
from ..admission.handshakes import Handshakes, Refusal
from ..admission.log_limit import Log, LogLimit
from ..front.front import Front
from ..front.fronts import Fronts, HttpLimits
from ..http_messages import HttpAnswer, HttpRequest
from .client.connection import ReplayConnection, host_of
from .options import ReplayOptions
from .venue.answering.served_venue import ServedVenue

__all__ = ["Entrance", "Served", "ServedPlaces"]


class Served(Protocol):
    """What is served at a path."""

    @property
    def venue(self) -> ServedVenue | None:
        """What answers its clients; None if nothing does."""


class ServedPlaces(Protocol):
    """All that is served; `Endpoints` is one."""

    @property
    def paths(self) -> list[str]:
        """The paths that clients choose from; empty if there is only one."""

    @property
    def hosts(self) -> Iterable[str]:
        """Names of hosts that clients may believe to talk to."""

    def at(self, target: str) -> Served | None:
        """Return what a request target refers to; None if there is no such path."""


class Entrance:
    """
    Answers requests, and lets clients in.

    Args:
        options: Where it is listened, and for how many.
        served: What is served.
        answer: Answers a request that is no handshake.
        url: Returns where WebSocket clients connect to.
        log: Takes log lines about clients.
        certified: Names of the server's certificate.

    Attributes:
        on_lack: Called when a client or a request is refused.
        on_failed: Called when an answer fails because of a bug.
        refusals: Takes log lines about those who are refused.
        handshakes: Where connections wait until they are clients.
        fronts: What they share until then.

    """

    def __init__(
        self,
        options: ReplayOptions,
        served: ServedPlaces,
        *,
        answer: Callable[[HttpRequest], Awaitable[HttpAnswer]],
        url: Callable[[], str],
        log: Log,
        certified: frozenset[str] = frozenset(),
    ) -> None:
        self.on_lack: Callable[[], object] = lambda: None
        self.on_failed: Callable[[], object] = lambda: None
        self.refusals = LogLimit(log, "refused clients", at_once=20, per_second=1.0)
        self._options = options
        self._served = served
        named = map(parse_host_name, options.allow_hosts)
        self._hosts = AllowedHosts(lambda: {*served.hosts, *certified}, options.host, named)
        self.handshakes: Handshakes[Any] = Handshakes(
            self._hosts,
            paths=served.paths,
            has_path=lambda target: served.at(target) is not None,
            venue_refusal=self._refusal,
            max_clients=options.client_limit,
            max_waiting=options.waiting_limit,
            log=self.refusals,
        )
        self.fronts = Fronts(
            answer,
            self.handshakes,
            on_refused=self._note_lack,
            on_failed=self._note_failure,
            on_lost=self._tell_of_loss,
            url=url,
            log=self.refusals,
            limits=HttpLimits(write_deadline=options.write_deadline),
        )

    def make_connection(self, *args: Any, **kwargs: Any) -> asyncio.Protocol:
        """Return what meets a new connection; the arguments are those of a connection of the library."""
        return Front(self.fronts, partial(self._make_client_connection, *args, **kwargs))

    def admit(self, websocket: ServerConnection, request: Request) -> Response | None:
        """Decide on a handshake: return the refusal, or None to let the client in."""
        connection = cast(ReplayConnection, websocket)
        refusal = self.handshakes.refusal(connection, request)
        if refusal is None:
            return None
        if not refusal.is_wanted:
            self.on_lack()
        return connection.refuse(refusal)

    def _make_client_connection(self, *args: Any, **kwargs: Any) -> ReplayConnection:
        return self._prepared(ReplayConnection(*args, **kwargs))

    def _prepared(self, connection: ReplayConnection) -> ReplayConnection:
        """Have a connection wait for its handshake."""
        connection.on_made = self.handshakes.begin
        connection.on_lost = self._lose
        connection.write_deadline = self._options.write_deadline
        return connection

    def _refusal(self, connection: Any, request: Request) -> Refusal | None:
        """Return how the venue refuses a handshake that nothing else speaks against."""
        served = self._served.at(request.path)
        if served is None or served.venue is None:
            return None
        handshake = served.venue.handshake(request.path, request.headers.raw_items(), host_of(connection))
        refusal = served.venue.refusal(handshake)
        return None if refusal is None else Refusal(http.HTTPStatus(refusal.status), refusal.text)

    def _note_lack(self) -> None:
        self.on_lack()

    def _note_failure(self) -> None:
        self.on_failed()

    def _lose(self, connection: ReplayConnection) -> None:
        self.handshakes.end(connection)
        self._tell_of_loss(connection.lost_by)

    def _tell_of_loss(self, error: Exception | None) -> None:
        """Tell of a connection that was lost before it was a client, or since."""
