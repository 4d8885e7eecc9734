"""What programs and pages ask below `/_feedrec/`: where the replay is, and that it go on elsewhere or otherwise."""

from __future__ import annotations

import http
import logging
from collections.abc import Callable, Sequence
from typing import Any

from websockets.http11 import Request

from ...admission.handshakes import Refusal
from ...admission.log_limit import LogLimit
from ...errors import UsageError
from ...http_messages import HttpAnswer, HttpRequest, sentence
from ..clock.schedule import Clock
from ..steering.one_timeline import OneTimeline
from ..steering.steering import Steering
from .conductor import Conductor
from .events import Events
from .guard import Guard
from .orders import VERBS, Verb, parse_order
from .page import Page
from .problems import Refused, json_answer, problem
from .rate import Rate
from .status_document import status_document

__all__ = ["CHALLENGE", "EVENTS_TARGET", "ROOT", "Control", "is_for_control"]

ROOT = "/_feedrec/"
"""What the paths begin with; no venue has such a path."""

EVENTS_TARGET = f"{ROOT}events"
"""The path of the WebSocket of events."""

CHALLENGE = 'Bearer realm="feedrec"'
"""What an answer says that wants a token (RFC 6750, 3)."""

_READING = ("GET", "HEAD")
_LONGEST_SHOWN = 80  # characters of a path
_WITHOUT_SLASH = ROOT.removesuffix("/")
_PUBLIC = "static/"  # the same for everybody who has feedrec


def is_for_control(target: str) -> bool:
    """Tell whether a request target is one of these."""
    return target.startswith(ROOT) or target.partition("?")[0] == _WITHOUT_SLASH


class Control:
    """
    Answers what is asked below `/_feedrec/`.

    Args:
        steering: What steers the replay.
        guard: Says who may.
        origin: The recorded time from which offsets count, in nanoseconds.
        endpoints: The names of what is served.
        clock: Returns the monotonic time.
        log: Takes a line for each order.
        deadline: Seconds that one who listens has to read a message.

    Attributes:
        guard: See above.
        page: Answers the requests of a page; None if there is none.
        faults: Returns how many faults there were.
        events: All who listen.

    """

    def __init__(
        self,
        steering: Steering,
        guard: Guard,
        *,
        origin: int,
        endpoints: Sequence[str],
        clock: Clock,
        log: LogLimit,
        deadline: float,
    ) -> None:
        self.guard = guard
        self.page: Page | None = None
        self.faults: Callable[[], int] = lambda: 0
        self._steering = steering
        self._conductor = Conductor(steering, origin)
        self._origin = origin
        self._endpoints = endpoints
        self._clock = clock
        self._rate = Rate(clock())
        self._log = LogLimit(log, "orders", at_once=20, per_second=1.0)
        self.events = Events(self.status, steering.watch, deadline=deadline)

    @property
    def timeline(self) -> OneTimeline | None:
        """The timeline of all clients; None if each has its own."""
        return self._steering.one

    def close(self, patience: float) -> None:
        """Say what was left out of the log; `patience` is how many seconds listeners have to answer a close."""
        self.events.patience = patience
        self._log.tell_left_out()

    def status(self) -> dict[str, Any]:
        """Return where the replay is, as JSON has it."""
        status = self._steering.status()
        rate = self._rate.at(self._clock(), status.frames)
        return status_document(status, self._origin, self._endpoints, rate=rate, faults=self.faults())

    def takes_time(self, request: HttpRequest) -> bool:
        """Tell whether a request asks for what may take long, and is ended when nobody waits for it any more."""
        return is_for_control(request.target) and request.path.removeprefix(ROOT) in ("step", "seek")

    def tell_refusal(self, request: HttpRequest, refusal: Refusal) -> HttpAnswer | None:
        """Return what a request is answered that is refused for its host or origin; None if that is not ours."""
        return problem(refusal.status, refusal.reason) if is_for_control(request.target) else None

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request below `/_feedrec/`."""
        if request.path == _WITHOUT_SLASH:
            location = f"{ROOT}{request.target.removeprefix(_WITHOUT_SLASH)}"
            return sentence(http.HTTPStatus.PERMANENT_REDIRECT, f"it is at {ROOT}", (("location", location),))
        name = request.path.removeprefix(ROOT)
        refusal = self.guard.refusal(request, is_public=name.startswith(_PUBLIC))
        if refusal is not None:
            headers = (("www-authenticate", CHALLENGE),) if refusal.status == http.HTTPStatus.UNAUTHORIZED else ()
            return problem(refusal.status, refusal.reason, headers)
        try:
            if name in VERBS:
                return await self._obey(name, request)
            return await self._show(name, request)
        except Refused as refused:
            return refused.answer

    def handshake_refusal(self, _: object, request: Request) -> Refusal | None:
        """Return why one who wants to listen is refused, apart from Host and Origin; None if it is not."""
        headers = tuple((name.lower(), value) for name, value in request.headers.raw_items())
        return self.guard.refusal(HttpRequest("GET", request.path, headers))

    async def _obey(self, verb: Verb, request: HttpRequest) -> HttpAnswer:
        """Carry out an order."""
        if request.method != "POST":
            raise _no_method(request, "POST")
        if request.body:
            raise Refused(http.HTTPStatus.BAD_REQUEST, "parameters stand in the query, as in ?frames=1, not in a body")
        try:
            order = parse_order(verb, request.query)
            came_of_it = await self._conductor.carry_out(order)
        except UsageError as error:
            raise Refused(http.HTTPStatus.BAD_REQUEST, str(error)) from None
        self._log.log(logging.INFO, "%s, as %s asked", order.text, request.address)
        return json_answer({**came_of_it, **self.status()})

    async def _show(self, name: str, request: HttpRequest) -> HttpAnswer:
        """Answer what changes nothing."""
        is_known = name in ("status", "events")
        if not is_known and not _is_of_page(name):
            raise _not_found(request)
        if request.method not in _READING:
            raise _no_method(request, ", ".join(_READING))
        if name == "status":
            return json_answer(self.status())
        if name == "events":
            raise Refused(http.HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket", ("upgrade", "websocket"))
        answer = None if self.page is None else await self.page.answer(request)
        if answer is None:
            raise _not_found(request)
        return answer


def _is_of_page(name: str) -> bool:
    return not name or name.startswith(("static/", "api/"))


def _not_found(request: HttpRequest) -> Refused:
    known, path = ", ".join(["status", *VERBS]), request.path[:_LONGEST_SHOWN]
    return Refused(http.HTTPStatus.NOT_FOUND, f"nothing is at {path!a}: below {ROOT} are {known} and events")


def _no_method(request: HttpRequest, allowed: str) -> Refused:
    detail = f"{request.method} is not for {request.path}: use {allowed}"
    return Refused(http.HTTPStatus.METHOD_NOT_ALLOWED, detail, ("allow", allowed))
