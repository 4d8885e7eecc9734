"""Whoever connects to a replay: the way from an accepted connection to a client that is let in, or to an answer."""

from __future__ import annotations

import asyncio
import http
from collections.abc import Awaitable, Callable
from typing import Any, cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from ..admission.handshakes import Handshakes, Refusal
from ..admission.log_limit import Log
from ..http_messages import HttpAnswer, HttpRequest
from .client.amid_outages.door import open_doors
from .client.connection import ReplayConnection
from .client.faulty.slow_connection import SlowConnection
from .control.control import CHALLENGE, EVENTS_TARGET, Control, is_for_control
from .control.events import MOST_LISTENERS
from .dialogue.casting import Casting
from .entrance import Entrance
from .faults.all_faults import AllFaults
from .options import ReplayOptions
from .tls.tls_context import ServerTls
from .tls.tls_handshake import TlsHandshake, tell_of_tls
from .venue.endpoints import Endpoints

__all__ = ["Reception"]

_TLS_TIMEOUT = 10.0  # seconds for the TLS handshake: as many as the library gives the one of WebSocket


class Reception(Entrance):
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
        listeners: Those who listen to events.

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
        certified = tls.names if tls is not None else frozenset[str]()
        super().__init__(options, endpoints, answer=answer, url=url, log=log, certified=certified)
        self._endpoints = endpoints
        self._casting = casting
        self._tls = tls
        self.faults: AllFaults | None = None
        self._doors = open_doors(endpoints, control.timeline)
        self.listeners = self._make_listeners(control)
        self.fronts.needs_asker, self.fronts.tell_refusal = control.takes_time, control.tell_refusal

    def make_connection(self, *args: Any, **kwargs: Any) -> asyncio.Protocol:
        front = super().make_connection(*args, **kwargs)
        if self._tls is None:
            return front
        return TlsHandshake(front, self._tls.context, _TLS_TIMEOUT, self.handshakes.begin, self._end_tls_handshake)

    def admit(self, websocket: ServerConnection, request: Request) -> Response | None:
        connection = cast(ReplayConnection, websocket)
        if is_for_control(request.path):
            return self._admit_listener(connection, request)
        response = super().admit(connection, request)
        if response is None and self._casting.is_dialogue:
            connection.expect(*self._casting.let_in(connection, request.path))
        return response

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
        if rate is None:
            return super()._make_client_connection(*args, **kwargs)
        return self._prepared(SlowConnection(rate, *args, **kwargs))

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
        return super()._refusal(connection, request)

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
