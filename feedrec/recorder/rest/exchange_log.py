"""Writes requests and answers to a recording, away from the event loop if they are large."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from ...admission.log_limit import LogLimit
from ...feeds.redaction import Address
from ...formats.line.http_events import http_event
from ...http_messages import HttpAnswer, HttpRequest
from ...model import Event
from ..clock import RecordingClock
from ..output.counting_writer import CountingWriter
from .exchanges import recorded_exchange

__all__ = ["ExchangeLog"]

log = logging.getLogger("feedrec")

_AT_ONCE = 1 << 14  # bytes that are worked on in the event loop: about a tenth of a millisecond


_MOST_WORKING = 2  # large answers, each of which may take hundreds of megabytes once it is unpacked


class ExchangeLog:
    """
    Records HTTP requests and answers between the frames of a run.

    Args:
        writer: Writes to the recording.
        clock: Gives the stamps.
        by: Who asks, as `HttpExchange.by` says it.

    """

    def __init__(self, writer: CountingWriter, clock: RecordingClock, by: str = "") -> None:
        self._writer = writer
        self._clock = clock
        self._by = by
        self._working = asyncio.Semaphore(_MOST_WORKING)
        self._warnings = LogLimit(log, "answers that are not recorded", at_once=20, per_second=0.1)

    async def record(self, request: HttpRequest, url: Address, answer: HttpAnswer, started: int) -> None:
        """
        Record a request and its answer; one that cannot be unpacked is named in the log instead.

        Its time is that at which it is written: no line of a recording is earlier than the one before it. That is when
        the answer had come, and some milliseconds later if it is large.

        Args:
            request: As it was sent.
            url: The whole address.
            answer: As it came just now.
            started: Wall-clock time in nanoseconds at which the request was sent.

        """
        time = self._clock.now()
        is_small = len(answer.body) + len(request.body) <= _AT_ONCE and not _is_packed(request, answer)
        if is_small:
            event = self._event_of(request, url, answer, started, time)
        else:
            async with self._working:
                event = await asyncio.to_thread(self._event_of, request, url, answer, started, time)
        if event is None:
            self._warnings.log(logging.WARNING, "%s: the answer cannot be unpacked, and is not recorded", url.shown)
            return
        now, reading = self._clock.stamp()
        if reading is not None:
            self._writer.clock_reading(now, 0, reading)
        self._writer.exchange(msgspec.structs.replace(event, time=now))

    def _event_of(
        self, request: HttpRequest, url: Address, answer: HttpAnswer, started: int, time: int
    ) -> Event | None:
        exchange = recorded_exchange(request, url, answer, started, time)
        return None if exchange is None else http_event(msgspec.structs.replace(exchange, by=self._by))


def _is_packed(request: HttpRequest, answer: HttpAnswer) -> bool:
    return any(name == "content-encoding" for name, _ in (*request.headers, *answer.headers))
