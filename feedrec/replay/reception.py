"""Whoever connects to a replay: the way from an accepted connection to a client that is let in, or to an answer."""

from __future__ import annotations

import http
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ..admission.allowed_hosts import AllowedHosts, parse_host_name
from ..admission.handshakes import Handshakes, Refusal
from ..admission.log_limit import Log, LogLimit
from ..front.front import Front
from ..front.fronts import Fronts, HttpLimits
from ..http_messages import HttpAnswer, HttpRequest
from .client.amid_outages.door import open_doors
from .client.connection import ReplayConnection, host_of
from .client.faulty.slow_connection import SlowConnection
from .control.control import CHALLENGE, EVENTS_TARGET, Control, is_for_control
from .control.events import MOST_LISTENERS
from .dialogue.casting import Casting
from .faults.all_faults import AllFaults
from .options import ReplayOptions
from .tls.tls_context import ServerTls
from .tls.tls_handshake import TlsHandshake, tell_of_tls
from .venue.endpoints import Endpoints

__all__ = ["Reception"]

_TLS_TIMEOUT = 10.0  # seconds for the TLS handshake: as many as the library gives the one of WebSocket


class Reception:
    """
    Answers requests, and lets clients in.

    Args:
        options: How to replay.
        endpoints: What is served.
        casting: Which client plays which part.
        control: Has those who listen to events, who are no clients.
        tls: The certificate; None to serve without TLS.
        answer: Answers a request that is no handshake.
        url: Returns where WebSocket clients connect to.
        log: Takes log lines about clients.

    Attributes:
        faults: What goes wrong on purpose; None for nothing.
        on_lack: Called when a client or a request is refused.
        on_failed: Called when an answer fails because of a bug.
        handshakes: Where connections wait until they are clients.
        listeners: Those who listen to events.
        fronts: What they share until then.

    """

    def __init__(
        self,
        options: ReplayOptions,
        endpoints: Endpoints,
        casting: Casting,
        *,
        control: Control,
        tls: ServerTls | None,
        answer: Callable[[HttpRequest], Awaitable[HttpAnswer]],
        url: Callable[[], str],
        log: Log,
    ) -> None:
        self._options = options
        self._endpoints = endpoints
        self._casting = casting
        self._tls = tls
        self.faults: AllFaults | None = None
        self._doors = open_doors(endpoints, control.timeline)
        self.on_lack: Callable[[], object] = lambda: None
        self.on_failed: Callable[[], object] = lambda: None
        self.refusals = LogLimit(log, "refused clients", at_once=20, per_second=1.0)
        self._hosts = self._make_hosts()
        self.handshakes = self._make_handshakes()
        self.listeners = self._make_listeners(control)
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
        self.fronts.needs_asker, self.fronts.tell_refusal = control.takes_time, control.tell_refusal

    def make_connection(self, *args: Any, **kwargs: Any) -> Front | TlsHandshake:
        """Return what meets a new connection; the arguments are those of a connection of the library."""
        front = Front(self.fronts, partial(self._make_client_connection, *args, **kwargs))
        if self._tls is None:
            return front
        return TlsHandshake(front, self._tls.context, _TLS_TIMEOUT, self.handshakes.begin, self._end_tls_handshake)

    def admit(self, websocket: ServerConnection, request: Request) -> Response | None:
        """Decide on a handshake: return the refusal, or None to let the client in."""
        connection = cast(ReplayConnection, websocket)
        if is_for_control(request.path):
            return self._admit_listener(connection, request)
        refusal = self.handshakes.refusal(connection, request)
        if refusal is None:
            if self._casting.is_dialogue:
                connection.expect(*self._casting.let_in(connection, request.path))
            return None
        if not refusal.is_wanted:
            self.on_lack()
        return connection.refuse(refusal)

    def _admit_listener(self, connection: ReplayConnection, request: Request) -> Response | None:
        refusal = self.listeners.refusal(connection, request)
        if refusal is None:
            self.handshakes.end(connection)
            if isinstance(connection, SlowConnection):
                connection.is_slow = False
            return None
        response = connection.respond(refusal.status, f"{refusal.reason}\n")
        if refusal.status == http.HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = CHALLENGE
        return response

    def _make_client_connection(self, *args: Any, **kwargs: Any) -> ReplayConnection:
        rate = None if self.faults is None else self.faults.rate
        connection = ReplayConnection(*args, **kwargs) if rate is None else SlowConnection(rate, *args, **kwargs)
        connection.on_made = self.handshakes.begin
        connection.on_lost = self._lose
        connection.write_deadline = self._options.write_deadline
        return connection

    def _make_handshakes(self) -> Handshakes[ReplayConnection | Front | TlsHandshake]:
        options, endpoints = self._options, self._endpoints
        return Handshakes(
            self._hosts,
            paths=endpoints.paths,
            has_path=lambda target: endpoints.at(target) is not None,
            venue_refusal=self._refusal,
            max_clients=options.client_limit,
            max_waiting=options.waiting_limit,
            log=self.refusals,
        )

    def _make_hosts(self) -> AllowedHosts:
        options, endpoints = self._options, self._endpoints
        certified = self._tls.names if self._tls is not None else frozenset()
        named = map(parse_host_name, options.allow_hosts)
        return AllowedHosts(lambda: endpoints.hosts | certified, options.host, named)

    def _make_listeners(self, control: Control) -> Handshakes[ReplayConnection]:
        return Handshakes(
            self._hosts,
            paths=[EVENTS_TARGET],
            has_path=lambda target: target.partition("?")[0] == EVENTS_TARGET,
            venue_refusal=control.handshake_refusal,
            max_clients=MOST_LISTENERS,
            max_waiting=self._options.waiting_limit,
            log=self.refusals,
            too_many="{clients} connected already, which is as many as may listen",
        )

    def _refusal(self, connection: Any, request: Request) -> Refusal | None:
        """Return how a handshake is refused that nothing else speaks against."""
        endpoint = self._endpoints.at(request.path)
        door = None if endpoint is None else self._doors.get(endpoint.name)
        answer = None if door is None else door.refusal()
        if answer is not None:
            text = "no answer" if answer.status is None else f"HTTP status {answer.status}"
            reason = f"an outage is replayed: {text}, as recorded"
            status = http.HTTPStatus.SERVICE_UNAVAILABLE if answer.status is None else answer.status
            return Refusal(status, reason, True, answer.retry_after, answer.status is None)
        fault = None if self.faults is None or endpoint is None else self.faults.refuse(endpoint.name)
        if fault is not None:
            return Refusal(http.HTTPStatus(fault.status), f"refused by the fault {fault.text}", is_wanted=True)
        return self._venue_refusal(connection, request)

    def _venue_refusal(self, connection: Any, request: Request) -> Refusal | None:
        """Return how the venue itself refuses a handshake."""
        endpoint = self._endpoints.at(request.path)
        if endpoint is None or endpoint.venue is None:
            return None
        handshake = endpoint.venue.handshake(request.path, request.headers.raw_items(), host_of(connection))
        refusal = endpoint.venue.refusal(handshake)
        return None if refusal is None else Refusal(http.HTTPStatus(refusal.status), refusal.text)

    def _note_lack(self) -> None:
        self.on_lack()

    def _note_failure(self) -> None:
        self.on_failed()

    def _end_tls_handshake(self, handshake: TlsHandshake, error: Exception | None) -> None:
        self.handshakes.end(handshake)
        self._tell_of_loss(error, in_handshake=True)

    def _lose(self, connection: ReplayConnection) -> None:
        self.handshakes.end(connection)
        self.listeners.end(connection)
        self._casting.lose(connection)
        self._tell_of_loss(connection.lost_by)

    def _tell_of_loss(self, error: Exception | None, *, in_handshake: bool = False) -> None:
        if tell_of_tls(error, self.refusals.log, in_handshake=in_handshake):
            self.on_lack()
