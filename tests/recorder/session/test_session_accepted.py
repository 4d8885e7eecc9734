"""What a venue accepts of what a run asks for, on one connection or over several."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import VenueError
from feedrec.feeds import Subscription, find_feed
from feedrec.formats import create_recording
from feedrec.recorder import Limits, RecordingSession
from feedrec.recorder.backoff import Backoff

from ...timing import until
from ..venue import HEADER, Peer, Script, close, events, run, running, text, venue

PRICES = Subscription("market@crypto_latest_price", params={"crypto_ids": [1]})
KLINE = Subscription("onchain@kline", params={"platform_id": 14, "address": ["0xa"], "interval": "1m"})
TICKER, MATCHES = Subscription("ticker", ("BTC-USD",)), Subscription("matches", ("BTC-USD",))


def session(feed: str, url: str, path: Path, *wanted: Subscription, max_frames: int | None = None) -> RecordingSession:
    writer = create_recording(path, HEADER, level=1)
    backoff = Backoff(first=0.01, cap=0.02)
    return RecordingSession(find_feed(feed), url, wanted, writer, limits=Limits(None, max_frames), backoff=backoff)


def refusing(code: str) -> Script:
    """Return a venue that acknowledges prices, and refuses any other channel with a code of CoinMarketCap."""

    async def serve(peer: Peer) -> None:
        await peer.accept(text(b'{"type":"welcome","ping_interval_ms":10000}'))
        while (frame := await peer.read_frame())[0].name == "TEXT":
            request = json.loads(frame[1])
            answer: dict[str, Any] = {"id": request["id"]}
            if request["channel"] == PRICES.channel:
                answer |= {"type": "ack", "code": 0, "channel": PRICES.channel}
            else:
                answer |= {"type": "error", "status": {"error_code": code, "error_message": "No."}}
            await peer.write(text(json.dumps(answer).encode()))
        await peer.write(close())

    return serve


@pytest.mark.parametrize("code", ["2301", "2302", "2303"])
def test_an_error_for_one_subscription_does_not_end_what_was_accepted(path: Path, code: str) -> None:
    async def record() -> RecordingSession:
        async with venue(refusing(code)) as url:
            ours = session("coinmarketcap", url, path, KLINE, PRICES)
            async with running(ours):
                await until(lambda: ours.subscribed.accepted)
                assert not ours._end.has_begun
                ours.stop()
        return ours

    facts = run(record()).subscribed
    assert (facts.accepted, facts.missing) == ([PRICES.as_dict()], [KLINE.as_dict()])
    (told,) = events(path, "subscribed")
    assert told.details == {
        "asked": [KLINE.as_dict(), PRICES.as_dict()],
        "accepted": [PRICES.as_dict()],
        "missing": [KLINE.as_dict()],
    }


def test_a_run_of_which_everything_is_refused_ends_with_an_error(path: Path) -> None:
    async def record() -> None:
        async with venue(refusing("2301")) as url:
            await session("coinmarketcap", url, path, KLINE).run()

    with pytest.raises(VenueError, match=r"2301 'No\.'; check the name of the channel"):
        run(record())


def acking(*steps: Sequence[str]) -> Script:
    """Return an Exchange that acknowledges so many channels of BTC-USD at each step, then a ticker; and stays."""

    async def serve(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        for step in steps:
            channels = [{"name": name, "product_ids": ["BTC-USD"]} for name in step]
            await peer.write(text(json.dumps({"type": "subscriptions", "channels": channels}).encode()))
        await peer.write(text(b'{"type":"ticker","product_id":"BTC-USD","sequence":1}'))
        await peer.answer_close()

    return serve


def test_a_venue_that_acknowledges_step_by_step_has_not_refused_what_is_to_come(path: Path) -> None:
    async def record() -> None:
        async with venue(acking([], ["ticker"], ["ticker", "matches"])) as url:
            await session("coinbase-exchange", url, path, TICKER, MATCHES, max_frames=4).run()

    run(record())
    assert events(path, "missing") == []
    (told,) = events(path, "subscribed")
    assert told.details["accepted"] == told.details["asked"] == [TICKER.as_dict(), MATCHES.as_dict()]


def test_what_was_missing_on_one_connection_is_not_forgotten_on_the_next(path: Path) -> None:
    async def drop_after_the_verdict(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        channels = [{"name": "ticker", "product_ids": ["BTC-USD"]}]
        await peer.write(text(json.dumps({"type": "subscriptions", "channels": channels}).encode()))
        await peer.write(close(1012))

    async def record() -> RecordingSession:
        async with venue(drop_after_the_verdict, acking(["ticker", "matches"])) as url:
            ours = session("coinbase-exchange", url, path, TICKER, MATCHES, max_frames=3)
            await ours.run()
            return ours

    facts = run(record()).subscribed
    assert (facts.missing, facts.was_missing) == ([], [MATCHES.as_dict()])
    assert not facts.is_complete
    assert [event.conn for event in events(path, "subscribed")] == [0, 1]
