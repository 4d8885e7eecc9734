"""The page: its files under a strict policy, its questions, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.http_messages import HttpAnswer, HttpRequest, first_value
from feedrec.replay.page.page import RecordingsPage
from feedrec.replay.page.static_files import ALLOWED, static_names

from ...cli.command import DEMO
from ...timing import HANG_TIMEOUT

if TYPE_CHECKING:
    from tests.object_server import Bucket

START = 1795280520127481903


def run(test: Callable[[RecordingsPage], Awaitable[None]], present: Callable[[], int | None] | None = None) -> None:
    async def use() -> None:
        with closing(RecordingsPage([DEMO], present=present)) as page:
            async with asyncio.timeout(HANG_TIMEOUT):
                await test(page)

    asyncio.run(use())


async def get(page: RecordingsPage, path: str) -> HttpAnswer:
    answer = await page.answer(HttpRequest("GET", f"/_feedrec/{path}"))
    assert answer is not None
    return answer


def test_its_files_come_with_a_strict_policy() -> None:
    async def test(page: RecordingsPage) -> None:
        index = await get(page, "")
        assert index.body.startswith(b"<!doctype html>")
        assert index.content_type == "text/html; charset=utf-8"
        for name in static_names():
            answer = await get(page, f"static/{name}")
            assert first_value(answer.headers, "content-security-policy") == ALLOWED
            assert first_value(answer.headers, "x-content-type-options") == "nosniff"
            assert first_value(answer.headers, "referrer-policy") == "no-referrer"
        assert "script-src 'self';" in ALLOWED
        assert ALLOWED.startswith("default-src 'none'")

    run(test)


def test_each_kind_of_file_has_its_type() -> None:
    types = {name: content_type.partition(";")[0] for name, (_, content_type) in static_names().items()}
    assert types["main.js"] == types["uplot/uPlot.iife.min.js"] == "text/javascript"
    assert types["style.css"] == "text/css"
    assert types["icon.svg"] == "image/svg+xml"
    assert types["uplot/LICENSE"] == "text/plain"


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "static/",
        "static/nothing.js",
        "static/../page.py",
        "static/%2e%2e/page.py",
        "static//etc/passwd",
        "static/main.js/",
        "static/uplot",
        "api/nothing",
        "api/",
        "api/__class__",
        "status",
    ],
)
def test_there_is_nothing_else(path: str) -> None:
    async def test(page: RecordingsPage) -> None:
        assert await page.answer(HttpRequest("GET", f"/_feedrec/{path}")) is None

    run(test)


def test_questions_are_answered_as_json_that_nobody_keeps() -> None:
    async def test(page: RecordingsPage) -> None:
        info = await get(page, "api/info?token=secret&view=7")
        assert json.loads(info.body)["is_replay"] is False
        assert first_value(info.headers, "cache-control") == "no-store"
        refused = await get(page, "api/frame?key=%3Cb%3E")
        assert (refused.status, refused.content_type) == (400, "application/problem+json")
        assert json.loads(refused.body)["detail"] == "'<b>' is no key of a frame"
        assert "<" not in refused.content_type

    run(test)


def test_the_ladder_is_as_of_now() -> None:
    async def test(page: RecordingsPage) -> None:
        now = await page.ladder("BTC-USD")
        assert (now["ms"], now["known"]) == (15_000.0, True)
        assert len(now["bids"]) == 20  # type: ignore[arg-type]
        unknown = await page.ladder("BTC-USDT")
        assert unknown["known"] is False
        assert str(unknown["why"]).startswith("there is no book of 'BTC-USDT'")

    run(test, lambda: START + 15_000 * 10**6)


def test_before_the_replay_has_begun_the_ladder_is_that_of_the_end() -> None:
    async def test(page: RecordingsPage) -> None:
        assert (await page.ladder("BTC-USD"))["ms"] == (await page.ladder("ETH-USD"))["ms"]

    run(test, lambda: None)


def test_its_process_reads_a_recording_in_a_bucket(bucket: Bucket) -> None:
    bucket.store.create("demo.jsonl.zst", DEMO)

    async def ask(place: Path | str) -> tuple[int, dict[str, object]]:
        with closing(RecordingsPage([place])) as page:
            async with asyncio.timeout(HANG_TIMEOUT):
                answer = await get(page, "api/info")
                return answer.status, json.loads(answer.body)

    assert asyncio.run(ask(bucket.url / "demo.jsonl.zst"))[0] == 200
    assert asyncio.run(ask(f"{bucket.url}/demo.jsonl.zst"))[1].keys() == asyncio.run(ask(DEMO))[1].keys()
