"""Answers made in a process beside the replay, and in a thread where there is none."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import RecordingError
from feedrec.feeds import venue_of
from feedrec.feeds.coinbase_advanced import CoinbaseAdvanced
from feedrec.feeds.rest import rest_half_of
from feedrec.feeds.venue import VenueFeed
from feedrec.http_messages import HttpRequest
from feedrec.replay.rest.derived.answer_process import AnswerProcess
from feedrec.replay.rest.derived.answering import Made
from feedrec.replay.rest.derived.moment import Moment
from feedrec.replay.timeline.timeline import Timeline
from feedrec.replay.venue.position import Position, position_in

DEMO = Path(__file__).parents[4] / "feedrec" / "cli" / "demo.jsonl.zst"
NEVER = threading.Event()
CATALOGUE = {"level2": ["BTC-USD", "ETH-USD"], "ticker": ["BTC-USD", "ETH-USD"], "market_trades": ["BTC-USD"]}
NOW = 1_795_280_530_000_000_000
ROOT = "/api/v3/brokerage/market"
REQUESTS = [
    HttpRequest("GET", f"{ROOT}{path}")
    for path in ("/products", "/product_book?product_id=BTC-USD", "/products/ETH-USD/ticker", "/products/NO-USD", "/no")
]


@pytest.fixture
def feed() -> VenueFeed:
    found = venue_of("coinbase-advanced")
    assert found is not None
    return found


@contextlib.contextmanager
def process_for(feed: VenueFeed, path: Path = DEMO, **options: Any) -> Iterator[AnswerProcess]:
    half = rest_half_of(feed)
    assert half is not None
    process = AnswerProcess(half, feed, Timeline([path], describe=feed.describe, **options), CATALOGUE)
    try:
        yield process
    finally:
        process.close()


def ask(process: AnswerProcess, request: HttpRequest, moment: Moment, *, alone: bool = False) -> Made:
    return process.answer(request, moment, NEVER, is_alone=alone)


def test_a_process_answers_as_a_thread_does(feed: VenueFeed) -> None:
    """Before the first frame, amid a batch, and where only a time tells what was played."""
    batch = list(Timeline([DEMO], describe=feed.describe).scan(900, NEVER))[-1]
    moments = [
        Moment(NOW),
        Moment(NOW, position_in(batch, 7, NOW)),
        Moment(NOW, before=batch.times[9]),
    ]
    found = []
    with process_for(feed) as process, process_for(feed) as in_thread:
        for moment in moments:
            for request in REQUESTS:
                made = ask(process, request, moment)
                assert made == ask(in_thread, request, moment, alone=True)
                assert not made.defect
                found.append(made.answer)
        assert process._beside.worker is not None
        assert in_thread._beside.worker is None
    assert len(set(found)) > 5
    assert None in found


def test_the_start_is_that_of_the_replay(feed: VenueFeed) -> None:
    """Also in the process, which reads by itself."""
    start = list(Timeline([DEMO], describe=feed.describe).scan(900, NEVER))[-1].frames[0].time
    with process_for(feed, start=start) as process, process_for(feed) as whole:
        book = REQUESTS[1]
        assert ask(process, book, Moment(NOW)) == ask(process, book, Moment(NOW), alone=True)
        assert ask(process, book, Moment(NOW)) != ask(whole, book, Moment(NOW))


def test_a_feed_that_is_not_that_of_the_catalogue_is_answered_for_in_a_thread() -> None:
    class Other(CoinbaseAdvanced):
        pass

    other = Other("coinbase-advanced", "wss://advanced.test")
    with process_for(other) as process:
        assert ask(process, REQUESTS[1], Moment(NOW)).answer is not None
        assert process._beside.worker is None


def test_when_the_process_dies_a_thread_takes_over(feed: VenueFeed) -> None:
    with process_for(feed) as process:
        expected = ask(process, REQUESTS[1], Moment(NOW))
        assert process._beside.worker is not None
        os.kill(process._beside.worker._process.pid, signal.SIGKILL)
        assert ask(process, REQUESTS[1], Moment(NOW)) == expected


def test_damage_is_the_same_error(feed: VenueFeed, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    data = bytearray(DEMO.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    errors = []
    with process_for(feed, path) as process:
        for alone in (True, False, False):
            with pytest.raises(RecordingError) as error:
                ask(process, REQUESTS[1], Moment(NOW, Position(1500, [], 7)), alone=alone)
            errors.append(str(error.value))
        assert process._beside.worker is not None
    assert len(set(errors)) == 1


def test_what_is_stopped_is_not_made(feed: VenueFeed) -> None:
    stopped = threading.Event()
    stopped.set()
    with process_for(feed) as process:
        for alone in (True, False):
            assert process.answer(REQUESTS[1], Moment(NOW), stopped, is_alone=alone) == Made(None)
