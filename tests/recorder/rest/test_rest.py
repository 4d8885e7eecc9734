"""A run that asks by HTTP beside its feed."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import ConnectError
from feedrec.feeds import Subscription
from feedrec.feeds.redaction import Redaction
from feedrec.formats.file.creating import create_recording
from feedrec.recorder import Limits, RecordingSession, Source
from feedrec.recorder.rest import RestPlan

from ...timing import MS, until
from ..venue import HEADER, NEVER, PlainFeed, events, numbered, payloads, run, running, stay, venue
from .fake_half import FakeHalf
from .rest_server import Answer, answered, rest_server

TARGETS = ("https://venue.invalid/a", "https://venue.invalid/b")


def session_beside(url: str, rest: str, path: Path, **options: Any) -> RecordingSession:
    plan = RestPlan(FakeHalf(*TARGETS), rest, NEVER)
    source = Source(PlainFeed(), url, [Subscription("x")], None, None, Redaction(), rest=plan)
    return source.session(create_recording(path, HEADER), **options)


def record(path: Path, answer: Answer, requests: int) -> RecordingSession:
    """Record until so many requests were sent."""

    async def until_asked() -> RecordingSession:
        async with rest_server(answer) as server, venue(stay) as url:
            session = session_beside(url, server.url, path)
            async with running(session):
                await until(lambda: len(server.asked) == requests and session.progress.counts.frames)
                session.stop()
        return session

    return run(until_asked())


def test_answers_are_in_the_recording_beside_the_frames(path: Path) -> None:
    async def until_recorded() -> RecordingSession:
        async with rest_server(lambda _: answered(b"[]")) as server, venue(stay) as url:
            session = session_beside(url, server.url, path)
            async with running(session):
                await until(lambda: session.progress.counts.requests == 2 and session.progress.counts.frames)
                session.stop()
        return session

    session = run(until_recorded())
    assert payloads(path) == [numbered(0)]
    assert [one.details["url"].rpartition("/")[2] for one in events(path, "http")] == ["a", "b"]
    assert session.progress.counts.requests == 2


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oh no", "200 OK"])
def test_what_fails_touches_neither_the_frames_nor_the_end_of_the_run(path: Path, status: str) -> None:
    """Nor does an answer that is no HTTP."""
    session = record(path, lambda _: answered(b"", status=status) if status[0] != "2" else b"no HTTP\r\n\r\n", 2)
    assert session.progress.counts.frames == 1
    assert len(events(path, "close")) == 1


def test_a_run_ends_at_once_amid_a_request(path: Path) -> None:
    session = record(path, lambda _: asyncio.sleep(NEVER, b""), 1)
    assert session.progress.counts.frames == 1
    assert events(path, "http") == []


def test_a_limit_ends_it_too(path: Path) -> None:
    async def until_over() -> None:
        async with rest_server(lambda _: asyncio.sleep(NEVER, b"")) as server, venue(stay) as url:
            summary = await session_beside(url, server.url, path, limits=Limits(300 * MS)).run()
            assert summary.counts.frames == 1

    run(until_over())


def test_a_run_whose_venue_cannot_be_reached_ends_as_without(path: Path) -> None:
    async def until_over() -> None:
        async with rest_server(lambda _: answered(b"[]")) as server:
            with pytest.raises(ConnectError):
                await session_beside("ws://127.0.0.1:9", server.url, path).run()

    run(until_over())
    assert not path.exists()


def test_a_defect_ends_nothing(path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    async def until_logged() -> None:
        monkeypatch.setattr("feedrec.recorder.rest.loading.import_module", fail)
        async with venue(stay) as url:
            session = session_beside(url, "http://127.0.0.1:9", path)
            async with running(session):
                await until(lambda: session.progress.counts.frames and caplog.records)
                session.stop()

    with caplog.at_level(logging.ERROR, "feedrec"):
        run(until_logged())
    assert caplog.messages == ["REST: nothing more is asked"]
    assert payloads(path) == [numbered(0)]
