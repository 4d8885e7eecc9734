"""The server of feeds that are being recorded: listens, and gives each client what the recorder sends."""

from __future__ import annotations

import asyncio
import http
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Any, cast

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from ...admission.failure import place_of
from ...admission.handshakes import Refusal
from ...admission.listening import bound_to
from ...admission.log_limit import Log, LogLimit, shortened
from ...errors import ServeError
from ...feeds.catalogue import hosts_of, venue_of
from ...feeds.venue import Remark
from ...front.plain_answer import plain_answer
from ...http_messages import HttpAnswer, HttpRequest
from ...live_messages import Answered, Catalogue, Clients, Parcel, ParcelKind, ServePlan, Told
from ..client.connection import ReplayConnection
from ..client.crowd import Crowd
from ..entrance import Entrance
from ..listening import Listening, listen
from ..options import ReplayOptions
from ..venue.answering.settings import settings_of
from .live_client import LiveClient
from .live_endpoint import LiveEndpoint, Numbers
from .states.asking import Ask
from .wishes import Wishes

__all__ = ["LiveServer"]

BIND_PATIENCE = 3.0
"""Seconds for which an address is tried that somebody has: one that was killed may not be quite gone."""

_TRY_AGAIN = 0.1  # seconds between two attempts
_TOGETHER = 1 << 16  # bytes of lines that are decoded together

_log = logging.getLogger("feedrec.replay")


class LiveEndpoints:
    """
    All endpoints that are served, by the places of their feeds in the plan.

    Args:
        endpoints: They, in the order of the plan, each once.

    """

    def __init__(self, endpoints: Sequence[LiveEndpoint]) -> None:
        self._endpoints = endpoints

    @property
    def paths(self) -> list[str]:
        """The paths that clients choose from; empty if there is only one endpoint."""
        return [one.path for one in self._endpoints] if len(self._endpoints) > 1 else []

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Names of hosts that clients may believe to talk to."""
        return hosts_of([one.name for one in self._endpoints])

    def at(self, target: str) -> LiveEndpoint | None:
        """Return the endpoint that a request target refers to; None if there is no such path."""
        path = target.partition("?")[0] or "/"
        if len(self._endpoints) == 1 or path == "/":
            return self._endpoints[0]
        return next((one for one in self._endpoints if path in (one.path, f"{one.path}/")), None)


class LiveEntrance(Entrance):
    """Lets clients in where something is recorded."""

    def _refusal(self, connection: Any, request: Request) -> Refusal | None:
        endpoint = self._served.at(request.path)
        if isinstance(endpoint, LiveEndpoint) and not endpoint.is_recorded:
            reason = f"nothing of {endpoint.name} is being recorded yet"
            return Refusal(http.HTTPStatus.SERVICE_UNAVAILABLE, reason, is_wanted=True, retry_after="1")
        return super()._refusal(connection, request)


class LiveServer:
    """
    Serves feeds to any number of clients.

    Args:
        plan: What is served.
        ask: Asks for states.
        tell: Tells the recorder something.
        log: Takes log lines.

    Attributes:
        wishes: What clients ask for that is not recorded.

    Raises:
        UsageError: If a setting is unknown, or of another kind, or a name of a host is none.

    """

    def __init__(self, plan: ServePlan, ask: Ask, tell: Callable[[Told], object], log: Log = _log) -> None:
        self._plan = plan
        self._tell = tell
        self._options = ReplayOptions(host=plan.host, port=plan.port, allow_hosts=tuple(plan.allow_hosts))
        self._log = LogLimit(log, "clients", at_once=1000, per_second=20.0)
        self._crowd = Crowd(self._log, paced=True)
        self._numbers = Numbers()
        self.wishes = Wishes(tell)
        self._by_name = self._make_endpoints(ask)
        self._by_place = [self._by_name[feed.endpoint] for feed in plan.feeds]
        self._endpoints = LiveEndpoints(list(self._by_name.values()))
        self._entrance = LiveEntrance(
            self._options, self._endpoints, answer=self._answer, url=lambda: self._address.url, log=self._log
        )
        self._listening: Listening | None = None
        self._client_numbers = itertools.count(1)
        self._served = self._cut = 0
        self._told = Clients(0, 0, 0)

    async def start(self) -> None:
        """
        Listen; who had the address a moment ago may still be going.

        Raises:
            ServeError: If it cannot be had.

        """
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        deadline = time.monotonic() + BIND_PATIENCE
        while self._listening is None:
            try:
                bound_to(self._options.host, self._options.port, "--serve").close()  # whose errors name that option
                self._listening = await listen(
                    self._options.host,
                    self._options.port,
                    self._attend,
                    self._entrance,
                    longest_message=0,
                    backlog=self._options.waiting_limit,
                )
            except ServeError:
                if time.monotonic() >= deadline:
                    raise
                await asyncio.sleep(_TRY_AGAIN)

    @property
    def urls(self) -> list[str]:
        """Where clients connect to, for each feed of the plan."""
        url, are_several = self._address.url, len(self._by_name) > 1
        return [f"{url}{endpoint.path}" if are_several else url for endpoint in self._by_place]

    @property
    def clients(self) -> Clients:
        """Who is served."""
        cut = sum(client.was_slow for endpoint in self._by_name.values() for client in endpoint.clients)
        return Clients(self._crowd.clients, self._served, self._cut + cut)

    def tell_clients(self) -> None:
        """Tell the recorder who is served, if that has changed."""
        if self.clients != self._told:
            self._told = self.clients
            self._tell(self._told)

    def take(self, parcels: Iterable[Parcel]) -> None:
        """
        Take what the recorder sends.

        Lines that have come together are given together, so that more of them take less work for each; but not while a
        client waits for a state, which may be as of a number between them.
        """
        contents: list[bytes] = []
        place = number = size = 0
        for parcel in parcels:
            if contents and (parcel.kind != ParcelKind.LINES or parcel.feed != place or size >= _TOGETHER):
                self._give(place, contents, number)
                contents, size = [], 0
            if parcel.kind != ParcelKind.LINES:
                self._take_other(parcel)
                continue
            place, number = parcel.feed, parcel.number
            contents.append(parcel.content)
            size += len(parcel.content)
            if self._by_place[place].waits_for_states:
                self._give(place, contents, number)
                contents, size = [], 0
        if contents:
            self._give(place, contents, number)

    async def close(self, patience: float = 1.0) -> None:
        """Stop listening, and close all connections; clients have so many seconds to answer that."""
        if self._listening is None:
            return
        self._crowd.patience_at_stop = patience
        self._stopping.set_result(None)
        await self._entrance.fronts.close(self._listening.server, patience)
        self._entrance.refusals.tell_left_out()
        self._log.tell_left_out()

    @property
    def _address(self) -> Listening:
        if self._listening is None:
            raise AssertionError("it listens")
        return self._listening

    def _make_endpoints(self, ask: Ask) -> dict[str, LiveEndpoint]:
        """Return the endpoints by name, in the order of the plan."""
        places: dict[str, int] = {}
        for place, plan in enumerate(self._plan.feeds):
            places.setdefault(plan.endpoint, place)
        feeds = {name: feed for name in places if (feed := venue_of(name)) is not None}
        auth = self._options.make_auth()
        settings = settings_of(feeds, self._plan.settings, auth)
        made = {
            name: LiveEndpoint(name, place, settings.get(name, {}), auth, self._numbers, ask)
            for name, place in places.items()
        }
        for endpoint in made.values():
            endpoint.wishes = self.wishes if self._plan.subscribes else None
        return made

    def _give(self, place: int, contents: Sequence[bytes], number: int) -> None:
        endpoint = self._by_place[place]
        lost = endpoint.lost
        endpoint.take_lines(place, contents, number)
        self._numbers.reach(number)
        if endpoint.lost != lost:
            self._log.log(logging.ERROR, "%d lines of %s cannot be read", endpoint.lost - lost, endpoint.name)

    def _take_other(self, parcel: Parcel) -> None:
        endpoint = self._by_place[parcel.feed]
        if parcel.kind == ParcelKind.HEADER:
            endpoint.begin_run(parcel.feed)
        elif parcel.kind == ParcelKind.CATALOGUE:
            endpoint.take_catalogue(parcel.feed, msgspec.json.decode(parcel.content, type=Catalogue))
        elif parcel.kind == ParcelKind.ANSWERED:
            self.wishes.take(msgspec.json.decode(parcel.content, type=Answered))
        self._numbers.reach(max(parcel.number, self._numbers.last))

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        return plain_answer(request, self._address.url)

    async def _attend(self, websocket: ServerConnection) -> None:
        """Serve a client that was let in."""
        connection = cast(ReplayConnection, websocket)
        endpoint = None if connection.request is None else self._endpoints.at(connection.request.path)
        if endpoint is None:
            raise AssertionError("handshakes for unknown paths are refused")
        number = next(self._client_numbers)
        remarks = LogLimit(self._log, f"client {number}", at_once=20, per_second=0.2)
        client = LiveClient(number, connection, endpoint, self._crowd, partial(self._remark, number, remarks))
        self._log.log(logging.INFO, "%s connected", client.name)
        self._served += 1
        self._crowd.clients += 1
        endpoint.clients.add(client)
        try:
            outcome = await client.run(self._stopping)
            self._log.log(logging.DEBUG, "%s: %s", client.name, outcome)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self._log.log(logging.ERROR, "%s: serving it failed: %s", client.name, place_of(error))
        finally:
            endpoint.clients.discard(client)
            self._crowd.clients -= 1
            self._cut += client.was_slow
            remarks.tell_left_out()

    def _remark(self, number: int, log: Log, remark: Remark) -> None:
        """Tell the person who runs the recorder about a client."""
        log.log(logging.INFO, "client %d %s", number, shortened(remark.text))
