"""Questions get JSON, or one line that says what is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from feedrec.model import format_time
from feedrec.replay.page.answering import Answering
from feedrec.replay.page.page_messages import KINDS, Answered, PageTask, Question

from ...cli.command import DEMO
from ..books.making import START, record, second
from .market_recordings import lines_of, record_two


def answered(answering: Answering, kind: str, **asked: object) -> Answered:
    pairs = tuple((name.rstrip("_"), str(value)) for name, value in asked.items())
    return answering.answer(Question(kind, pairs), threading.Event())


def ask(answering: Answering, kind: str, **asked: object) -> Any:
    found = answered(answering, kind, **asked)
    assert found.status == 200, found.body
    return json.loads(found.body)


@pytest.fixture(scope="module")
def demo() -> Iterator[Answering]:
    with closing(Answering(PageTask([str(DEMO)]))) as answering:
        yield answering


def test_info_says_what_there_is(demo: Answering) -> None:
    info = ask(demo, "info")
    assert info["start"] == "2026-11-21T17:02:00.127481903Z"
    assert 30_000 < info["duration_ms"] < 31_000
    assert (info["endpoints"], info["files"]) == (["coinbase-advanced"], ["demo.jsonl.zst"])
    assert (info["has_book"], info["is_replay"], info["grows"]) == (["BTC-USD", "ETH-USD"], False, False)
    assert "market_trades" in info["channels"]


def test_each_question_has_an_answer(demo: Answering) -> None:
    assert sum(ask(demo, "overview", buckets=30)["frames"]) == 1545
    page = ask(demo, "frames", at=10_000, count=7, channel="ticker")
    assert [row["channel"] for row in page["rows"]] == ["ticker"] * 7
    assert page["rows"][0]["ms"] >= 10_000
    frame = ask(demo, "frame", key=page["rows"][0]["key"])
    assert json.loads(frame["text"])["channel"] == "ticker"
    assert len(ask(demo, "ladder", product="ETH-USD", at=20_000, levels=4)["bids"]) == 4
    assert len(ask(demo, "trades", product="BTC-USD", count=3)["trades"]) == 3
    heatmap = ask(demo, "heatmap", product="BTC-USD", from_=1000, to=20_000, columns=4, rows=10)
    assert (len(heatmap["columns"]), heatmap["done"], heatmap["from"], heatmap["to"]) == (4, True, 1000, 20_000)


def test_a_ladder_is_asked_for_by_wall_time_as_well(demo: Answering) -> None:
    start = 1795280520127481903
    at = ask(demo, "ladder", product="BTC-USD", at=15_000)
    assert ask(demo, "ladder", product="BTC-USD", time=start + 15_000 * 10**6) == at


def test_a_heatmap_is_of_at_most_a_quarter_of_an_hour(demo: Answering) -> None:
    heatmap = ask(demo, "heatmap", product="BTC-USD", from_=0, to=10**8, columns=1)
    assert heatmap["to"] == 15 * 60 * 1000


@pytest.mark.parametrize(
    ("kind", "asked", "status", "text"),
    [
        ("nothing", {}, 404, "there is no such question"),
        ("__init__", {}, 404, "there is no such question"),
        ("frames", {"at": "soon"}, 400, "at is a number of milliseconds since the start"),
        ("frames", {"after": "x"}, 400, "'x' is no key of a frame"),
        ("frames", {"before": "1.0.0.\x1b"}, 400, "'1.0.0.\\x1b' is no key of a frame"),
        ("frame", {}, 400, "'' is no key of a frame"),
        ("overview", {"buckets": 0}, 400, "buckets is a whole number from 1 on"),
        ("ladder", {"product": "BTC-USDT"}, 400, "there is no book of 'BTC-USDT'; did you mean 'BTC-USD'?"),
        ("heatmap", {"endpoint": "raw"}, 400, "no recording here is of 'raw'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    demo: Answering, kind: str, asked: dict[str, object], status: int, text: str
) -> None:
    found = answered(demo, kind, **asked)
    assert found.status == status
    assert found.body.decode().startswith(text)
    assert b"\n" not in found.body


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path, kind: str) -> None:
    with closing(Answering(PageTask([str(tmp_path / "missing.jsonl.zst")]))) as answering:
        found = answered(answering, kind, key="1.0.0.0")
    assert (found.status, b"missing.jsonl.zst: no such file" in found.body) == (503, True)


def test_it_ends_early_if_nobody_waits(tmp_path: Path) -> None:
    stopped = threading.Event()
    stopped.set()
    with closing(Answering(PageTask([str(path) for path in record_two(tmp_path)]))) as answering:
        found = answering.answer(Question("frames", (("text", "nowhere"),)), stopped)
    assert json.loads(found.body)["scanned_all"] is False


def test_it_has_only_so_much_time(tmp_path: Path) -> None:
    times = iter(range(1000))
    task = PageTask([str(path) for path in record_two(tmp_path)])
    with closing(Answering(task, lambda: float(next(times)))) as answering:
        assert json.loads(answering.answer(Question("frames", (("text", "nowhere"),)), threading.Event()).body)["next"]
    assert next(times) < 5


def test_only_the_window_of_a_replay_is_shown(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", lines_of(10))
    for origin, ms in ((None, 0), (START, 2000.0)):
        with closing(Answering(PageTask([str(path)], second(2), second(5), origin, is_replay=True))) as answering:
            info = ask(answering, "info")
            assert (info["start"], info["is_replay"]) == (format_time(origin or second(2)), True)
            assert (info["from_ms"], info["duration_ms"]) == (ms, ms + 3000)
            overview = ask(answering, "overview")
            assert (sum(overview["frames"]), overview["from"]) == (30, ms)
            assert ask(answering, "frames", count=1)["rows"][0]["ms"] == ms
            assert ask(answering, "ladder", at=ms)["bids"] == ask(answering, "ladder", time=second(2))["bids"]
