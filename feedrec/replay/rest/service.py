"""
Answers HTTP requests that clients send beside a feed.

1. First what was recorded for such a request, as of now, by any endpoint that the request may be for (see `routes`).
2. Then what the REST half of such an endpoint makes of the recordings. With `strict`, nothing that is guessed.
3. Else the venue's own words for what is not there. Both this and a refusal is a fault, for which `--strict` ends with
   an error.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from ...admission.log_limit import Log, shortened
from ...errors import RecordingError
from ...feeds.auth import Auth
from ...feeds.redaction.addresses import redact_target
from ...feeds.rest import GUESSED, Refused, RestHalf
from ...http_messages import HttpAnswer, HttpRequest, first_value, sentence
from .derived.derived_answers import DerivedAnswers
from .derived.moment import Now
from .recorded_answers import RecordedAnswers
from .routes import Route, is_of_feed, routes

__all__ = ["RestEndpoint", "RestService"]

_MOST_KINDS = 1000  # of guesses that are remembered


class RestEndpoint(NamedTuple):
    """
    An endpoint as far as requests are concerned.

    Attributes:
        hosts: Names of hosts that its clients believe to talk to.
        recorded: What was recorded for requests.
        now: Returns the moment that is now for a request from a host.
        derived: Makes further answers; None if nothing does.
        auth: How credentials are checked.

    """

    hosts: Collection[str]
    recorded: RecordedAnswers
    now: Callable[[str], Now]
    derived: DerivedAnswers | None = None
    auth: Auth | None = None

    @property
    def half(self) -> RestHalf | None:
        """The REST half of its feed, if that answers."""
        return None if self.derived is None else self.derived.half


class _Asked(NamedTuple):
    """
    What an endpoint is asked.

    Attributes:
        name: Its name.
        endpoint: The endpoint.
        request: The request, as the venue would have got it.
        host: The address that it came from, without a port.
        now: The moment that is now for a request from there.

    """

    name: str
    endpoint: RestEndpoint
    request: HttpRequest
    host: str
    now: Now


class RestService:
    """
    Answers requests.

    Args:
        endpoints: The endpoints, by name.
        plain: Answers a request for a path of WebSocket clients, and any where nothing else is served.
        on_answer: Called with each request, its answer, and the recorded time of that, None before the beginning.
        log: Takes log lines about requests.
        strict: Whether nothing is answered that is guessed.

    Attributes:
        on_lack: Called when what a request asks for cannot be had.
        on_failed: Called when an answer fails because of a bug or a damaged recording.

    """

    def __init__(
        self,
        endpoints: Mapping[str, RestEndpoint],
        *,
        plain: Callable[[HttpRequest], HttpAnswer],
        on_answer: Callable[[HttpRequest, HttpAnswer, int | None], object],
        log: Log,
        strict: bool = False,
    ) -> None:
        self._endpoints = endpoints
        self._hosts = {name: endpoint.hosts for name, endpoint in endpoints.items()}
        self._plain = plain
        self._on_answer = on_answer
        self._log = log
        self.on_lack: Callable[[], object] = lambda: None
        self.on_failed: Callable[[], object] = lambda: None
        self._strict = strict
        self._told: set[tuple[str, str]] = set()
        self._is_closed = False

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        host = request.address.rpartition(":")[0].strip("[]")
        possible = [self._asked(route, host) for route in routes(request, self._hosts)]
        answer = await self._answer(request, possible)
        now = possible[0].now
        self._on_answer(request, answer, None if now.reached is None else now.present)
        return answer

    def close(self) -> None:
        """End what makes answers; those that are under way tell of nothing any more."""
        self._is_closed = True
        for endpoint in self._endpoints.values():
            endpoint.recorded.close()
            if endpoint.derived is not None:
                endpoint.derived.close()

    def _asked(self, route: Route, host: str) -> _Asked:
        endpoint = self._endpoints[route.endpoint]
        return _Asked(route.endpoint, endpoint, route.request, host, endpoint.now(host))

    async def _answer(self, request: HttpRequest, possible: Sequence[_Asked]) -> HttpAnswer:
        refusals = [_refusal(asked) for asked in possible]
        open_to = [asked for asked, refusal in zip(possible, refusals, strict=True) if refusal is None]
        try:
            for find in (_recorded, self._derived):
                for asked in open_to:
                    answer = await find(asked)
                    if answer is not None:
                        return answer
        except RecordingError as damage:
            return self._failed(request, f"{damage}")
        if self._is_closed:
            return sentence(503, "feedrec: the replay has ended")
        if is_of_feed(request, self._endpoints) or not self._has_rest:
            return self._plain(request)
        refused = next((refusal for refusal in refusals if refusal is not None), None)
        return self._not_found(request, possible) if refused is None else self._refused(request, refused)

    @property
    def _has_rest(self) -> bool:
        """Whether anything is served but WebSockets."""
        return any(its.derived is not None or its.recorded.has_any for its in self._endpoints.values())

    async def _derived(self, asked: _Asked) -> HttpAnswer | None:
        derived = asked.endpoint.derived
        if derived is None:
            return None
        request = asked.request
        if request.method == "HEAD":
            request = msgspec.structs.replace(request, method="GET")  # of which it is sent the head
        made = await derived.answer(request, asked.host, asked.now)
        if made.defect:
            return self._failed(asked.request, made.defect)
        answer = made.answer
        guess = None if answer is None else first_value(answer.headers, GUESSED)
        if guess is None:
            return answer
        self._tell_of_guess(asked, guess)
        return None if self._strict else answer

    def _tell_of_guess(self, asked: _Asked, guess: str) -> None:
        """Say once what is guessed."""
        kind = asked.name, guess
        if kind not in self._told and len(self._told) < _MOST_KINDS:
            self._told.add(kind)
            text = "%s: would be partly guessed: %s" if self._strict else "%s: partly guessed: %s"
            self._log.log(logging.WARNING, text, _shown(asked.request), shortened(guess))

    def _refused(self, request: HttpRequest, refusal: HttpAnswer) -> HttpAnswer:
        reason = refusal.reason if isinstance(refusal, Refused) and refusal.reason else f"status {refusal.status}"
        self.on_lack()
        self._log.log(logging.WARNING, "%s: refused: %s", _shown(request), shortened(reason))
        return refusal

    def _failed(self, request: HttpRequest, why: str) -> HttpAnswer:
        self.on_failed()
        self._log.log(logging.ERROR, "%s: the answer failed: %s", _shown(request), why)
        return sentence(500, "feedrec: the answer failed, see its log")

    def _not_found(self, request: HttpRequest, possible: Sequence[_Asked]) -> HttpAnswer:
        self.on_lack()
        self._log.log(logging.WARNING, "%s: not recorded", _shown(request))
        for asked in possible:
            if asked.endpoint.half is not None:
                return asked.endpoint.half.not_found(asked.request)
        return sentence(404, "feedrec: nothing was recorded for this request")


def _refusal(asked: _Asked) -> HttpAnswer | None:
    half, auth = asked.endpoint.half, asked.endpoint.auth
    if half is None or auth is None:
        return None
    return half.refusal(asked.request, auth.also_at(asked.now.time))  # by which clients sign that have asked for it


async def _recorded(asked: _Asked) -> HttpAnswer | None:
    return await asked.endpoint.recorded.find(asked.request, asked.now.present)


def _shown(request: HttpRequest) -> str:
    """Return what a request asks for as one line of a bounded length, without secrets."""
    return shortened(f"{request.method} {redact_target(request.target)}")
