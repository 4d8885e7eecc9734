"""
The replay server: replays to each client that connects.

The connections are those of the websockets library; frames are written to them by `outlet`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from websockets.asyncio.server import ServerConnection

from ..admission.failure import place_of
from ..admission.listening import http_url
from ..admission.log_limit import LogLimit
from ..errors import RecordingError
from ..front.plain_answer import plain_answer
from ..http_messages import HttpAnswer, HttpRequest
from ..model import Header
from .attendance import Attendance
from .client.connection import ReplayConnection
from .client.crowd import Crowd
from .client.dialogue_requests import DialogueRequests
from .client.meeting import Surroundings
from .clock.schedule import Clock, Sleep
from .clock.shared_timer import SharedTimer
from .clock.start_gate import StartGate
from .clock.timing import Timing
from .control.control import ROOT, Control, is_for_control
from .control.guard import Guard
from .dialogue.casting import Casting, open_casting
from .dialogue.failure import DialogueFailure
from .faults.all_faults import AllFaults, open_faults
from .listening import Listening, listen
from .live_beginning import begun_live
from .observer import Observer
from .options import ReplayOptions
from .page.page import RecordingsPage
from .reception import Reception
from .rest.building import build_service
from .rest.service import RestService
from .results import ClientResult, ReplayTotal
from .steering.steering import Steering
from .tls.tls_context import ServerTls, open_tls
from .venue.endpoints import Endpoints, open_endpoints

__all__ = ["ReplayServer"]

_log = logging.getLogger("feedrec.replay")


class ReplayServer:
    """
    A local server that replays recordings to each client that connects.

    Use it as an async context manager, or call `start` and `close`.

    Args:
        paths: A recording, or several: those of one endpoint are merged by time, and each endpoint has its own path.
            The last may still be growing.
        options: How to replay.
        on_client_end: Called with the result of each client when its connection is closed.
        on_request_failed: Called with what is wrong with an HTTP request in a dialogue.
        observer: Hears of clients and messages; None if nobody wants to know.
        clock: Returns the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.

    Attributes:
        header: The header of the first recording, once started.
        steering: Steers it, once started.
        control: Answers programs and pages that steer it, once started.
        faults: What goes wrong on purpose, once started; None for nothing.
        client_log: Takes log lines about clients, as far as they are not too many.

    """

    header: Header
    steering: Steering
    control: Control
    faults: AllFaults | None

    def __init__(
        self,
        paths: Path | str | Sequence[Path | str],
        options: ReplayOptions | None = None,
        *,
        on_client_end: Callable[[ClientResult], None] = lambda _: None,
        on_request_failed: Callable[[DialogueFailure], None] = lambda _: None,
        observer: Observer | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._options = options or ReplayOptions()
        self._on_request_failed = on_request_failed
        self._observer = observer
        self._paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
        self._clock = cast(Clock, clock)
        self._sleep = sleep
        self._listening: Listening | None = None
        self._tls: ServerTls | None = None
        self._casting = Casting()
        self.client_log = LogLimit(_log, "clients", at_once=1000, per_second=20.0)
        timer = SharedTimer(self._clock) if sleep is asyncio.sleep else None  # where time passes by itself
        self._requests_log = LogLimit(self.client_log, "requests", at_once=20, per_second=1.0)
        self._faults_log = LogLimit(self.client_log, "faults", at_once=50, per_second=2.0)
        self._attendance = Attendance(self.client_log, on_client_end)
        self._gate = StartGate(self._options.wait_for)
        paced = math.isfinite(self._options.speed)
        self._crowd = Crowd(self.client_log, paced=paced, timer=timer, gate=self._gate)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """
        Start to listen.

        Raises:
            UsageError: If recordings or options conflict, or a certificate cannot be used.
            RecordingError: If a recording cannot be read.
            ServeError: If the address cannot be listened on.

        """
        self._options = options = await asyncio.to_thread(begun_live, self._paths, self._options)
        observer = self._observer or Observer()
        self.faults = open_faults(options.faults, options.seed, self._faults_log, observer.on_fault)
        inspected = (self._paths, options, self._clock, self._sleep, self.faults)
        self._endpoints: Endpoints = await asyncio.to_thread(open_endpoints, *inspected)
        self.header = self._endpoints.header
        self.steering = self._make_steering()
        self._casting = await self._open_casting()
        self.control = self._make_control()
        self._rest, self._dialogue_requests = self._build_rest(), self._make_dialogue_requests()
        around = Surroundings(self._options, self._crowd, self.steering, self._casting, self._observer)
        self._attendance.open(around, self._endpoints.names)
        self._tls = None if options.tls is None else open_tls(options.tls)
        self._reception = self._make_reception()
        self._listening = await listen(
            options.host,
            options.port,
            self._replay_to,
            self._reception,
            longest_message=self._casting.longest_message,
            backlog=options.waiting_limit,
            tls=self._tls,
        )
        self._tell_of_addresses()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._address.port

    @property
    def url(self) -> str:
        """Where clients on this machine connect to."""
        return self._address.url

    @property
    def urls(self) -> dict[str, str]:
        """Where clients connect to, by endpoint: `url` and a path where there are several."""
        paths = self._endpoints.paths or [""]
        return {name: f"{self.url}{path}" for name, path in zip(self._endpoints.names, paths, strict=True)}

    @property
    def control_url(self) -> str:
        """Where programs on this machine steer it, as in `{control_url}/pause`."""
        return f"{http_url(self.url)}{ROOT.removesuffix('/')}"

    @property
    def control_token(self) -> str | None:
        """What they must send along; None for nothing."""
        return self.control.guard.token

    @property
    def _address(self) -> Listening:
        if self._listening is None:
            raise AssertionError("it was started")
        return self._listening

    @property
    def total(self) -> ReplayTotal:
        """The total over all clients whose replay has ended."""
        return self._attendance.total

    @property
    def totals(self) -> dict[str, ReplayTotal]:
        """The same by endpoint, including those without clients."""
        return self._attendance.totals

    @property
    def failures(self) -> list[DialogueFailure]:
        """What clients said or did in a dialogue that was not recorded."""
        return self._attendance.failures

    @property
    def has_failed(self) -> bool:
        """Whether a replay ended because of a bug in feedrec."""
        return self._attendance.has_failed

    @property
    def has_lacked(self) -> bool:
        """
        Whether a client's request failed, or no client came for what is recorded.

        That is: it asked for data that the recordings lack or for an unknown path, or its credentials were rejected; or
        no client came for a connection of a dialogue, or sent a request of it.
        """
        return self._attendance.has_lacked

    async def wait_finished(self) -> None:
        """Wait until the replay is over: with `exit`, until every client has ended; otherwise, until `close`."""
        await self._attendance.is_over.wait()

    @property
    def damage(self) -> list[RecordingError]:
        """What was found so far of recordings that are cut off; everything before that is played."""
        return self._endpoints.damage

    async def close(self, patience: float = 1.0) -> None:
        """
        Stop listening and end every replay, whatever the clients do.

        Args:
            patience: Seconds that clients have to answer the close of their connection.

        """
        if self._listening is None:
            return
        self._crowd.patience_at_stop = patience
        self.control.close(patience)
        self._attendance.stop()
        await self._reception.fronts.close(self._listening.server, patience)
        await self.steering.close()
        self._endpoints.close()
        self._rest.close()
        self._page.close()
        if unplayed := self._casting.unplayed:
            self._note_lack()
            _log.warning("%s", unplayed)
        for log in (self._reception.refusals, self._requests_log, self._faults_log, self.client_log):
            log.tell_left_out()
        self._attendance.is_over.set()

    async def _open_casting(self) -> Casting:
        options = self._options
        if options.mode != "dialogue":
            return Casting()
        return await asyncio.to_thread(open_casting, self._paths, options.matching, options.match_timeout)

    def _make_dialogue_requests(self) -> DialogueRequests:
        timing = Timing(self._endpoints.tempo, self._clock, self._sleep)
        return DialogueRequests(self._casting.exchanges, timing, self._observer, self._fail_request)

    def _make_steering(self) -> Steering:
        served, options = self._endpoints, self._options
        steering = Steering(
            served.timelines,
            served.tempo,
            served.shared,
            self._clock,
            self._sleep,
            is_barrier=options.paused,
            is_dialogue=options.mode == "dialogue",
            is_looped=options.loop,
        )
        steering.span = served.span(options.start, options.end)
        steering.gate = self._gate
        self._gate.on_change = steering.note_change
        return steering

    def _make_control(self) -> Control:
        options, origin = self._options, self.header.created
        control = Control(
            self.steering,
            Guard(options.control_token),
            origin=origin,
            endpoints=self._endpoints.names,
            clock=self._clock,
            log=self.client_log,
            deadline=options.write_deadline,
        )
        files, steering = self._endpoints.files, self.steering
        self._page = RecordingsPage(files, options.start, options.end, origin, lambda: steering.farthest)
        control.page = control.events.ladders = self._page
        if (faults := self.faults) is not None:
            control.faults, self._page.faults = faults.log.counts.total, faults.log.hits.copy
        return control

    def _make_reception(self) -> Reception:
        reception = Reception(
            self._options,
            self._endpoints,
            self._casting,
            control=self.control,
            tls=self._tls,
            answer=self._answer,
            url=lambda: self.url,
            log=self.client_log,
        )
        reception.faults = self.faults
        reception.on_lack, reception.on_failed = self._note_lack, self._note_failure
        return reception

    def _build_rest(self) -> RestService:
        service = build_service(
            self._endpoints,
            self._options,
            self.steering,
            self._attendance.audience,
            plain=lambda request: plain_answer(request, self.url),
            observer=self._observer,
            log=self._requests_log,
        )
        service.on_lack, service.on_failed = self._note_lack, self._note_failure
        return service

    def _tell_of_addresses(self) -> None:
        """Say where it listens; beyond this machine, it is not steered without a token."""
        _log.info("replaying %s at %s", ", ".join(map(str, self._endpoints.files)), ", ".join(self.urls.values()))
        if self._address.is_exposed:
            self.control.guard.expose()
        for warning in self._address.warnings:
            _log.warning("%s", warning)

    def _note_lack(self) -> None:
        self._attendance.has_lacked = True

    def _note_failure(self) -> None:
        self._attendance.has_failed = True

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer an HTTP request that is no handshake."""
        if is_for_control(request.target):
            return await self.control.answer(request)
        if not self._casting.is_dialogue:
            return await self._rest.answer(request)
        answer = await self._dialogue_requests.answer(request)
        self._attendance.end_if_over()
        return answer

    async def _replay_to(self, websocket: ServerConnection) -> None:
        connection = cast(ReplayConnection, websocket)
        if connection.request is not None and is_for_control(connection.request.path):
            await self._tell_of_events(connection)
            return
        endpoint = self._endpoints.at(connection.request.path) if connection.request is not None else None
        if endpoint is None:
            raise AssertionError("handshakes for unknown paths are refused")
        await self._attendance.attend(connection, endpoint)

    async def _tell_of_events(self, connection: ReplayConnection) -> None:
        try:
            await self.control.events.attend(connection, self._attendance.stopping)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self._note_failure()
            self.client_log.log(logging.ERROR, "telling of events failed: %s", place_of(error))

    def _fail_request(self, failure: DialogueFailure) -> None:
        self._attendance.note_failure(failure)
        self._on_request_failed(failure)
