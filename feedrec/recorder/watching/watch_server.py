"""
`/metrics`, `/healthz` and `/readyz`, over HTTP.

Who scrapes too often gets what was written a moment ago, and who asks for it in ever other ways waits: writing takes a
tenth of the time at most. `front` does the rest about hostile clients.
"""

from __future__ import annotations

import asyncio
import http
import logging
import time
from collections.abc import Callable, Collection
from typing import Self

import msgspec

from ...admission.listening import exposure
from ...admission.log_limit import LogLimit
from ...front.answers_server import AnswersServer
from ...http_messages import TEXT, HttpAnswer, HttpRequest, first_value, sentence
from .exposition import Exposition, Metrics
from .process_watch import ProcessFacts, ProcessWatch

__all__ = ["WatchServer"]

_KEPT = 0.25  # seconds for which an answer is as good as a new one
_REST = 9  # times as long as the last answer took to write, in CPU time, until another is written
_PATIENCE = 1.0  # seconds for answers that are under way at the end
_PATHS = ("/metrics", "/healthz", "/readyz")

log = logging.getLogger("feedrec")


class WatchServer:
    """
    Serves what is known of a process. It has its address from the beginning, and listens in an `async with` block.

    Args:
        watch: What is known.
        place: Host and port to listen on; port 0 for a free one.
        allow_hosts: Names of this machine by which it may be asked, besides its addresses and `localhost`.
        now: Seconds of a clock that never steps.

    Raises:
        UsageError: If a name is none.
        ServeError: If the address cannot be had.

    """

    def __init__(
        self,
        watch: ProcessWatch,
        place: tuple[str, int],
        allow_hosts: Collection[str] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch, self._now = watch, now
        self._exposition = Exposition()
        self._writing = asyncio.Lock()
        self._written: dict[tuple[str, str], tuple[float, Metrics]] = {}
        self._next = now()  # when another one may be written
        self._log = LogLimit(log, "requests for metrics", at_once=20, per_second=1.0)
        self._server = AnswersServer(self.answer, place, option="--metrics", allow_hosts=allow_hosts, log=self._log)

    @property
    def url(self) -> str:
        """Where it is."""
        return self._server.url

    async def __aenter__(self) -> Self:
        await self._server.start()
        log.info("metrics at %s/metrics", self.url)
        warning = exposure([self._server.address], "http", "can read the metrics")
        if warning is not None:
            log.warning("%s", warning)
        return self

    async def __aexit__(self, *error: object) -> None:
        """Stop listening, once those who are being answered have their answers."""
        await self._server.close(_PATIENCE)
        self._log.tell_left_out()

    async def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer a request."""
        if request.method not in {"GET", "HEAD"}:
            allow = (("allow", "GET, HEAD"),)
            return sentence(http.HTTPStatus.METHOD_NOT_ALLOWED, "ask with GET", allow)
        if request.path == "/metrics":
            accept, encoding = (first_value(request.headers, name) or "" for name in ("accept", "accept-encoding"))
            written = await self._metrics(accept, encoding)
            return HttpAnswer(http.HTTPStatus.OK, written.body, written.content_type, encoding=written.encoding)
        if request.path == "/healthz":  # who answers is alive, and its event loop turns
            return HttpAnswer(http.HTTPStatus.OK, b"ok\n", TEXT)
        if request.path == "/readyz":
            readiness = self._watch.readiness
            status = http.HTTPStatus.OK if readiness.ready else http.HTTPStatus.SERVICE_UNAVAILABLE
            return HttpAnswer(status, msgspec.json.encode(readiness) + b"\n")
        return sentence(http.HTTPStatus.NOT_FOUND, f"there is no such page here, but {', '.join(_PATHS)}")

    async def _metrics(self, accept: str, encoding: str) -> Metrics:
        """Return the metrics of this moment, or of one a moment ago."""
        key = accept, encoding
        async with self._writing:
            now = self._now()
            self._written = {key: kept for key, kept in self._written.items() if now - kept[0] < _KEPT}
            if key in self._written:
                return self._written[key][1]
            await asyncio.sleep(max(self._next - now, 0.0))
            facts = self._watch.facts()
            written, work = await asyncio.to_thread(self._write, facts, accept, encoding)
            now = self._now()
            self._next = now + _REST * work
            self._written[key] = now, written
            return written

    def _write(self, facts: ProcessFacts, accept: str, encoding: str) -> tuple[Metrics, float]:
        """Write metrics, in a thread; return the seconds of CPU time that it took, too."""
        began = time.thread_time()
        return self._exposition.write(facts, accept, encoding), time.thread_time() - began
