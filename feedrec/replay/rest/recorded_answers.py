"""
What was recorded for requests: the answers, by method, path and query, as of any time.

An answer is looked for among those to the same method and path, with the same parameters in any order, secret ones
apart; among those of the host that is asked, if it has any. It is the latest one that had come by then; if none had
yet, the first one: the venue said nothing nearer. HEAD gets what GET was told if nothing was recorded for it. Only
places are held; answers are read again, and a few are kept.
"""

from __future__ import annotations

import asyncio
import http
import itertools
import math
import time
from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from ...feeds.redaction.addresses import REDACTED, redact_target
from ...http_messages import RECORDER, HttpAnswer, HttpExchange, HttpRequest
from ..worker.beside import PAUSE
from .kept import Kept

__all__ = ["ExchangeSource", "RecordedAnswers"]

_MOST_KEPT = 256
_MOST_BYTES = 32 << 20
_MOST_TARGETS = 1000
_EXCHANGES_AT_ONCE = 4  # some tenths of a millisecond
_LOOK_INTERVAL = 0.5  # seconds after which a recording that grows is looked at again

_ANY_HOST = ""


class ExchangeSource(Protocol):
    """
    Recorded requests and answers. It is called in a thread, by one at a time.

    Attributes:
        grows: Whether there may be more of them later.

    """

    grows: bool

    def new(self, pause: Callable[[], object]) -> Iterable[tuple[Hashable, HttpExchange]]:
        """
        Return those that were recorded since this was called last, each after its place.

        Args:
            pause: Called after each small piece of work; what it raises ends the reading.

        Raises:
            RecordingError: If a recording cannot be read.

        """

    def at(self, place: Hashable, pause: Callable[[], object]) -> HttpExchange:
        """Return the one at a place; `pause` and what is raised are as of `new`."""


class _ClosedError(Exception):
    """The replay has ended."""


class _Known(NamedTuple):
    """When an answer had come, which of those it is, and where it stands."""

    time: int
    number: float
    place: Hashable = None


class RecordedAnswers:
    """
    The answers of one endpoint.

    Args:
        source: Where they are recorded. It is looked at when the first request comes.
        clock: Returns the monotonic time in seconds.

    """

    def __init__(self, source: ExchangeSource, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._known: dict[tuple[Hashable, str], list[_Known]] = {}
        self._numbers = itertools.count()
        self._keys: Kept[Hashable] = Kept(_MOST_TARGETS, _MOST_BYTES)
        self._answers: Kept[HttpAnswer] = Kept(_MOST_KEPT, _MOST_BYTES)
        self._next_look: float | None = 0.0
        self._turn = asyncio.Lock()
        self._is_closed = False

    @property
    def has_any(self) -> bool:
        """Whether there is any, as far as requests had them looked for."""
        return bool(self._known)

    async def find(self, request: HttpRequest, now: int) -> HttpAnswer | None:
        """
        Return the answer to a request as of a recorded time; None if none was recorded.

        Raises:
            RecordingError: If a recording cannot be read.

        """
        try:
            return await self._find(request, now)
        except _ClosedError:
            return None

    def close(self) -> None:
        """End what is being read; nothing is found any more that must be read."""
        self._is_closed = True

    async def _find(self, request: HttpRequest, now: int) -> HttpAnswer | None:
        await self._look()
        if not self._known:
            return None
        known = self._known_of(request)
        if known is None and request.method == "HEAD":
            known = self._known_of(msgspec.structs.replace(request, method="GET"))
        if known is None:
            return None
        chosen = known[max(bisect_right(known, _Known(now, math.inf)) - 1, 0)]
        answer = self._answers.get(chosen.place)
        if answer is None:
            async with self._turn:
                answer = (await asyncio.to_thread(self._source.at, chosen.place, self._pause)).answer_to_send
            self._answers.keep(chosen.place, answer, len(answer.body))
        return answer

    async def _look(self) -> None:
        """Look at what was recorded, if there may be anything new."""
        if self._next_look is None or self._clock() < self._next_look:
            return
        async with self._turn:
            if self._next_look is None or self._clock() < self._next_look:
                return  # somebody else has
            await asyncio.to_thread(self._take_new)  # meanwhile nobody reads what is known: all wait for their turn
            self._next_look = self._clock() + _LOOK_INTERVAL if self._source.grows else None

    def _take_new(self) -> None:
        """Take note of what is new, without what is long."""
        for number, (place, one) in enumerate(self._source.new(self._pause)):
            if not _tells_nothing(one):
                self._add(place, one.method, one.url, one.time)
            if not number % _EXCHANGES_AT_ONCE:
                self._pause()

    def _pause(self) -> None:
        """Let the event loop go on, which else waits until this thread has used up its milliseconds."""
        if self._is_closed:
            raise _ClosedError
        time.sleep(PAUSE)

    def _add(self, place: Hashable, method: str, url: str, came: int) -> None:
        try:
            parts = urlsplit(url)
        except ValueError:  # what another program wrote: nobody can ask for it
            return
        key = _key(method, f"{parts.path or '/'}?{parts.query}")
        for host in (_ANY_HOST, parts.hostname or _ANY_HOST):
            known = self._known.setdefault((key, host), [])
            insort(known, _Known(came, next(self._numbers), place))

    def _known_of(self, request: HttpRequest) -> list[_Known] | None:
        key = self._key_of(request)
        return self._known.get((key, request.host)) or self._known.get((key, _ANY_HOST))

    def _key_of(self, request: HttpRequest) -> Hashable:
        about = request.method, request.target
        key = self._keys.get(about)
        if key is None:
            key = _key(*about)
            self._keys.keep(about, key, len(request.target))
        return key


def _tells_nothing(exchange: HttpExchange) -> bool:
    """
    Return whether an answer is of no use to another client than the one that got it.

    What a venue has not changed is told only to whoever has it. A failure that a client met is part of its
    day. One that met the recorder, as when it asked too often, would stand in the way of what the frames tell.
    """
    status = exchange.answer.status
    return status == http.HTTPStatus.NOT_MODIFIED or (exchange.by == RECORDER and status >= http.HTTPStatus.BAD_REQUEST)


def _key(method: str, target: str) -> Hashable:
    """Return what is equal for requests to which the same answers were recorded."""
    request = HttpRequest(method, redact_target(target))
    return method, unquote(request.path), tuple(sorted(pair for pair in request.query if pair[1] != REDACTED))
