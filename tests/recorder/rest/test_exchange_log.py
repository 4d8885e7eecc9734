"""Writing requests and answers between the frames of a run."""

from __future__ import annotations

import asyncio
import gzip
import threading
import time
from pathlib import Path

import pytest

from feedrec.feeds.redaction import Address
from feedrec.formats.file.creating import create_recording
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange, HttpRequest
from feedrec.model import Event, FrameInfo
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.output.counting_writer import CountingWriter
from feedrec.recorder.rest import exchange_log
from feedrec.recorder.rest.exchange_log import ExchangeLog
from feedrec.recorder.run_end import RunEnd

from ..venue import HEADER, records, run

LARGE = HttpAnswer(200, b"[" + b'"x",' * 1_000_000 + b"1]")
PACKED = HttpAnswer(200, gzip.compress(LARGE.body), headers=(("content-encoding", "gzip"),))
SMALL = HttpAnswer(200, b"[]")


def record(path: Path, *answers: HttpAnswer) -> list[str]:
    """Record answers, and a frame while each of them is worked on, if there is such a moment."""
    clock = RecordingClock()
    recording = create_recording(path, HEADER)
    writer = CountingWriter(recording, RunEnd())
    log = ExchangeLog(writer, clock)

    async def record_all() -> None:
        for answer in answers:
            started = clock.now()
            url = Address("https://venue.invalid/products")
            recording_it = asyncio.create_task(log.record(HttpRequest("GET", "/products"), url, answer, started))
            await asyncio.sleep(0)
            writer.received(clock.stamp()[0], 0, b"{}", FrameInfo(), binary=False)
            await recording_it

    run(record_all())
    assert writer.counts.requests == len(answers)
    recording.finish()
    times = [one.time for one in records(path)]
    assert times == sorted(times)
    return [one.name if isinstance(one, Event) else "frame" for one in records(path)]


def test_a_small_answer_is_written_at_once(path: Path) -> None:
    assert record(path, SMALL, SMALL) == ["clock", "http", "frame", "http", "frame"]


def test_only_two_large_answers_are_worked_on_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked, each may take hundreds of megabytes."""
    here, most = set[int](), list[int]()

    def note(exchange: HttpExchange) -> Event:
        here.add(threading.get_ident())
        time.sleep(0.01)
        most.append(len(here))
        here.discard(threading.get_ident())
        return http_event(exchange)

    monkeypatch.setattr(exchange_log, "http_event", note)
    recording = create_recording(path, HEADER)
    log = ExchangeLog(CountingWriter(recording, RunEnd()), RecordingClock())

    async def record_all() -> None:
        request, url = HttpRequest("GET", "/products"), Address("https://venue.invalid/products")
        packed = HttpAnswer(200, gzip.compress(b"[]"), headers=(("content-encoding", "gzip"),))
        await asyncio.gather(*(log.record(request, url, packed, 0) for _ in range(8)))

    run(record_all())
    recording.finish()
    assert len(most) == 8
    assert max(most) <= 2


@pytest.mark.parametrize("answer", [LARGE, PACKED])
def test_a_large_answer_is_worked_on_in_another_thread(
    path: Path, answer: HttpAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that arrive meanwhile stand before it, and no time steps back."""
    threads: list[int] = []

    def note(exchange: HttpExchange) -> Event:
        threads.append(threading.get_ident())
        assert exchange.answer.body == LARGE.body
        return http_event(exchange)

    monkeypatch.setattr(exchange_log, "http_event", note)
    found = record(path, answer)
    assert [name for name in found if name != "clock"] == ["frame", "http"]
    assert threads[0] != threading.get_ident()
