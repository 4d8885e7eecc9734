"""Asking a venue beside a run: how often, how fast, and what becomes of failures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import Subscription
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.creating import create_recording
from feedrec.model import Event
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.output.counting_writer import CountingWriter
from feedrec.recorder.rest import rounds
from feedrec.recorder.rest.plan import RestPlan
from feedrec.recorder.rest.rounds import ask_in_rounds
from feedrec.recorder.run_end import RunEnd

from ...timing import MS, scaled, until
from ..venue import HEADER, NEVER, events, run
from .fake_half import FakeHalf
from .rest_server import Answer, Asked, RestServer, answered, rest_server

SUBSCRIPTIONS = [Subscription("ticker", ("BTC-USD",))]


@contextlib.asynccontextmanager
async def asking(
    path: Path, answer: Answer, *targets: str, every: float = NEVER, half: FakeHalf | None = None
) -> AsyncIterator[tuple[RestServer, CountingWriter]]:
    """Ask a server in rounds while the block lasts; then finish the recording."""
    half = half or FakeHalf(*(f"https://venue.invalid{target}" for target in targets))
    recording = create_recording(path, HEADER)
    writer = CountingWriter(recording, RunEnd())
    async with rest_server(answer) as server:
        plan = RestPlan(half, server.url, every)
        task = asyncio.create_task(ask_in_rounds(plan, lambda: SUBSCRIPTIONS, writer, RecordingClock(), Redaction()))
        try:
            yield server, writer
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await asyncio.to_thread(recording.finish)


def ask(path: Path, answer: Answer, *targets: str, answers: int | None = None, **options: Any) -> RestServer:
    """Ask until so many answers are recorded."""

    async def until_asked() -> RestServer:
        async with asking(path, answer, *targets, **options) as (server, writer):
            await until(lambda: writer.counts.requests >= (answers or len(targets)))
        return server

    return run(until_asked())


def http_events(path: Path) -> list[Event]:
    return events(path, "http")


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "feedrec")


def test_what_clients_ask_first_is_asked_and_recorded(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = ask(path, lambda asked: answered(f'{{"path":"{asked.target}"}}'.encode()), "/a", "/b?x=1")
    assert [(one.method, one.target) for one in server.asked] == [("GET", "/a"), ("GET", "/b?x=1")]
    assert (server.asked[0].header("user-agent") or "").startswith("feedrec/")
    assert [one.details["url"] for one in http_events(path)] == [f"{server.url}/a", f"{server.url}/b?x=1"]
    assert [(one.details["status"], one.details["by"]) for one in http_events(path)] == [(200, "recorder")] * 2
    assert warnings(caplog) == []
    assert caplog.messages == ["REST: 2 of 2 requests were answered"]


def test_it_is_asked_again_and_again(path: Path) -> None:
    server = ask(path, lambda _: answered(b"[]"), "/a", "/b", answers=6, every=30 * MS)
    assert [one.target for one in server.asked][:6] == ["/a", "/b"] * 3


def test_no_more_is_asked_in_a_second_than_the_venue_allows(path: Path) -> None:
    half = FakeHalf(*(f"https://venue.invalid/{number}" for number in range(4)))
    half.per_second = 1 / scaled(0.1)
    started = time.monotonic()
    ask(path, lambda _: answered(b"[]"), answers=4, half=half)
    assert time.monotonic() - started >= scaled(0.3)


def test_times_are_those_of_request_and_answer_and_do_not_step_back(path: Path) -> None:
    before = time.time_ns()
    ask(path, lambda _: answered(b"[]"), "/a", "/b", "/c")
    found = http_events(path)
    assert before < found[0].time < found[1].time < found[2].time < time.time_ns()
    assert events(path, "clock")  # or no reader trusts these times


def test_other_answers_are_recorded_too_with_a_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = ask(path, lambda _: answered(b'{"message":"NotFound"}', status="404 Not Found"), "/a")
    assert [one.details["status"] for one in http_events(path)] == [404]
    assert warnings(caplog) == [f"REST: {server.url}/a was answered with HTTP status 404"]


def test_a_venue_that_has_too_much_to_do_is_left_alone_as_long_as_it_wants(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    started = time.monotonic()

    def answer(_: Asked) -> bytes:
        is_early = time.monotonic() - started < 1
        return answered(b"", "Retry-After: 1", status="429 Too Many Requests") if is_early else answered(b"[1]")

    server = ask(path, answer, "/a", "/b", answers=3)
    assert [one.target for one in server.asked] == ["/a", "/a", "/b"]
    assert [one.details["status"] for one in http_events(path)] == [429, 200, 200]
    assert warnings(caplog) == [f"REST: {server.url}/a was answered with HTTP status 429: it is left alone for 1 s"]


def test_a_redirect_is_followed_within_the_host_and_not_to_another(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(asked: Asked) -> bytes:
        where = {"/a": "/b", "/elsewhere": "http://venue.invalid/c?api_key=abcdefgh", "/broken": "http://[x"}
        target = where.get(asked.target)
        return answered(b"[]") if target is None else answered(b"", f"Location: {target}", status="302 Found")

    server = ask(path, answer, "/a", "/elsewhere", "/broken", answers=4)
    assert [one.target for one in server.asked] == ["/a", "/b", "/elsewhere", "/broken"]
    assert [one.details["status"] for one in http_events(path)] == [302, 200, 302, 302]
    told = f"REST: {server.url}/elsewhere was answered with HTTP status 302, a redirect to http://venue.invalid/c"
    assert f"{told}?api_key=[redacted]" in warnings(caplog)


def test_redirects_in_a_circle_end(path: Path) -> None:
    server = ask(path, lambda _: answered(b"", "Location: /a", status="301 Moved"), "/a", "/b", answers=8)
    assert [one.target for one in server.asked] == ["/a"] * 4 + ["/b"] + ["/a"] * 3


def test_a_venue_that_does_not_answer_is_asked_again_later(
    path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not each request of hundreds waits for it, and the next round need not be in an hour."""
    monkeypatch.setattr(rounds, "_FIRST_RETRY", 20 * MS)
    answers = iter([b""] * 3)
    server = ask(path, lambda _: next(answers, answered(b"[]")), *(f"/{number}" for number in range(5)), answers=5)
    assert [one.target for one in server.asked] == ["/0", "/1", "/2", "/0", "/1", "/2", "/3", "/4"]
    no_answer = "the server closed the connection without answering"
    assert warnings(caplog) == [
        *(f"REST: cannot get an answer from {server.url}/{number}: {no_answer}" for number in range(3)),
        "REST: no answer to 3 requests in a row: asking again later",
    ]


def test_warnings_are_limited(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    targets = [f"/{number}" for number in range(30)]
    ask(path, lambda _: answered(b"", status="500 Oh"), *targets)
    assert len(http_events(path)) == 30
    assert len(warnings(caplog)) == 21
    assert warnings(caplog)[-1] == "REST: 10 more lines left out"


def test_what_a_plug_in_raises_is_a_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeHalf):
        def first_requests(self, subscriptions: Any) -> Any:
            raise LookupError(subscriptions)

    async def wait() -> None:
        async with asking(path, lambda _: answered(), half=Broken()):
            await until(lambda: caplog.records)

    run(wait())
    assert warnings(caplog)[0].startswith("REST: there is no telling what to ask: ")


def test_where_there_is_nothing_to_ask_a_warning_says_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def wait() -> None:
        async with asking(path, lambda _: answered()):
            await until(lambda: caplog.records)

    run(wait())
    assert caplog.messages == ["REST: clients of this venue ask it for nothing that is public"]


def test_a_run_that_ends_amid_a_request_says_what_is_missing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def answer(asked: Asked) -> bytes:
        return answered(b"[]") if asked.target == "/a" else await asyncio.sleep(NEVER, b"")

    async def end() -> None:
        async with asking(path, answer, "/a", "/b", "/c") as (server, _):
            await until(lambda: len(server.asked) == 2)

    run(end(), scaled(20))
    assert warnings(caplog) == ["REST: the run ended when 1 of 3 requests were answered"]
    assert len(http_events(path)) == 1
