"""The official SDK of Coinbase, tested as its users would with the plug-in for pytest, in one environment with it."""

from __future__ import annotations

import json
import threading

import pytest

from feedrec.testing import FeedReplay

from ..cli.command import DEMO, mock_venue
from ..timing import HANG_TIMEOUT

pytest.importorskip("coinbase.websocket", reason="coinbase-advanced-py is not installed: make test-interop")
from coinbase.websocket import WSClient

PRODUCT = "BTC-USD"


@pytest.mark.feed(DEMO, at_end="hold")
def test_the_sdk_talks_to_a_feed(feed: FeedReplay) -> None:
    """What it was told is what the feed says it was sent, and the feed knows what it subscribed."""
    heard: list[str] = []
    tickers = threading.Semaphore(0)

    def take(message: str) -> None:
        heard.append(message)
        if json.loads(message)["channel"] == "ticker":
            tickers.release()

    client = WSClient(base_url=feed.url, on_message=take)
    client.open()
    client.ticker([PRODUCT])
    subscribed = feed.wait_for_client(subscribed=f"ticker:{PRODUCT}", timeout=HANG_TIMEOUT)
    for _ in range(20):
        assert tickers.acquire(timeout=HANG_TIMEOUT)
    client.close()
    client.raise_background_exception()
    feed.wait_done(timeout=HANG_TIMEOUT)
    assert subscribed.subscribed == {"ticker": (PRODUCT,)}
    assert [json.loads(message.text)["type"] for message in feed.received] == ["subscribe"]
    assert heard == [message.text for message in feed.sent][: len(heard)]


def test_the_sdk_is_played_at_two_speeds(feed_replay: type[FeedReplay]) -> None:
    """The library is asked for nothing but an address, however the feed is played."""
    for speed in ("max", 50):
        feed = feed_replay(DEMO, speed=speed, at_end="hold")
        client = WSClient(base_url=feed.url, on_message=len)
        client.open()
        client.heartbeats()
        feed.wait_for_client(subscribed="heartbeats", timeout=HANG_TIMEOUT)
        feed.wait_until(lambda feed=feed: len(feed.sent) > 20, timeout=HANG_TIMEOUT)  # type: ignore[misc]
        client.close()


SUITE = """
import threading
import pytest
from coinbase.websocket import WSClient

@pytest.mark.feed("sdk.jsonl.zst", to="VENUE", endpoint="coinbase-advanced")
def test_ticker(feed):
    heard = threading.Semaphore(0)
    client = WSClient(base_url=feed.url, on_message=lambda message: "ticker" in message and heard.release())
    client.open()
    client.ticker(["BTC-USD"])
    assert all(heard.acquire(timeout=30) for _ in range(5))
    client.close()
"""


def test_the_sdk_makes_a_recording_once(pytester: pytest.Pytester) -> None:
    """The first time it talks to the venue, which is a replay here; then the venue is gone."""
    with mock_venue(DEMO, "--mode", "venue", "--at-end", "hold") as url:
        pytester.makepyfile(SUITE.replace("VENUE", url))
        pytester.runpytest_subprocess("--feed-record=once", timeout=HANG_TIMEOUT).assert_outcomes(passed=1)
    result = pytester.runpytest_subprocess("--feed-block-network", timeout=HANG_TIMEOUT)
    result.assert_outcomes(passed=1)
