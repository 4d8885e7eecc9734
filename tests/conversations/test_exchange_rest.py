"""Coinbase Exchange over HTTP beside its WebSocket: what a bot asks first, and what it asks while it listens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds.credentials import ExchangeKey
from feedrec.feeds.rest import GUESSED
from feedrec.model import NANOSECONDS, parse_time
from feedrec.replay import ReplayServer

from ..recorder.venue import run
from ..timing import HANG_TIMEOUT
from .recordings import START, Timed, stamp, write
from .talk import venue, visit

HOUR = 3_600_000
KEY = ExchangeKey("a-key", base64.b64encode(b"secret").decode(), "a-passphrase")
SUBSCRIBED: dict[str, Any] = {"product_ids": ["BTC-USD"], "channels": ["matches", "level2_batch", "ticker"]}
TRADES = 12


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Record a feed that begins with the last trade, which is an hour old, and goes on with one each 100 ms."""
    old = {"product_id": "BTC-USD", "trade_id": 100, "side": "sell", "price": "10.00", "time": stamp(-HOUR)}
    tick = {"best_bid": "9.99", "best_ask": "10.01", "open_24h": "9", "volume_24h": "5", "sequence": 1000}
    frames: list[Timed] = [
        (0, {"type": "subscriptions", "channels": [{"name": "matches", "product_ids": ["BTC-USD"]}]}),
        (1, {"type": "last_match", **old, "size": "1", "sequence": 1000}),
        (2, {"type": "ticker", **old, **tick, "last_size": "1"}),
        (3, {"type": "snapshot", "product_id": "BTC-USD", "asks": [["10.01", "1"]], "bids": [["9.99", "2"]]}),
    ]
    for number in range(1, TRADES + 1):
        at = 100 * number
        trade = {"trade_id": 100 + number, "sequence": 1000 + number, "price": f"{10 + number}.00", "time": stamp(at)}
        frames.append((at, {"type": "match", **old, **trade, "size": "0.5"}))
        change = {"product_id": "BTC-USD", "changes": [["buy", "9.98", str(number)]], "time": stamp(at)}
        frames.append((at + 1, {"type": "l2update", **change}))
    return write(tmp_path / "feed.jsonl.zst", "coinbase-exchange", frames)


def ask_now(port: int, target: str, headers: dict[str, str]) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_TIMEOUT)
    connection.request("GET", target, headers=headers)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


async def ask(server: ReplayServer, target: str, **headers: str) -> tuple[int, dict[str, str], Any]:
    return await asyncio.to_thread(ask_now, server.port, target, headers)


def test_before_it_listens_a_bot_is_told_the_beginning(recording: Path) -> None:
    """Whatever the first frames name: the time is that at which they came."""

    async def scenario() -> None:
        async with venue(recording) as server:
            _, _, time = await ask(server, "/time")
            assert parse_time(time["iso"]) == START
            status, headers, products = await ask(server, "/products")
            assert (status, [one["id"] for one in products]) == (200, ["BTC-USD"])
            assert GUESSED in headers
            _, _, ticker = await ask(server, "/products/BTC-USD/ticker")
            assert (ticker["price"], ticker["bid"], ticker["trade_id"]) == ("10.00", "9.99", 100)
            _, _, book = await ask(server, "/products/BTC-USD/book?level=2")
            assert (book["bids"], book["asks"]) == ([["9.99", "2", 1]], [["10.01", "1", 1]])
            status, _, missing = await ask(server, "/products/X-USD/book")
            assert (status, missing) == (404, {"message": "NotFound"})

    run(scenario())


def test_while_it_listens_it_is_told_what_it_has_heard(recording: Path) -> None:
    async def scenario() -> None:
        async with venue(recording) as server, visit(server.url) as visitor:
            await visitor.say(**SUBSCRIBED)
            await visitor.hear_until(type="l2update", changes=[["buy", "9.98", f"{TRADES}"]])
            _, headers, trades = await ask(server, "/products/BTC-USD/trades?limit=5")
            assert [one["trade_id"] for one in trades] == [112, 111, 110, 109, 108]
            assert (headers["cb-before"], headers["cb-after"]) == ("112", "108")
            _, _, older = await ask(server, "/products/BTC-USD/trades?after=108")
            assert [one["trade_id"] for one in older] == list(range(107, 99, -1))
            _, _, book = await ask(server, "/products/BTC-USD/book?level=2")
            assert (book["bids"], book["sequence"]) == ([["9.99", "2", 1], ["9.98", "12", 1]], 1012)
            _, _, rows = await ask(server, "/products/BTC-USD/candles?granularity=86400")
            [candle] = [row for row in rows if row[0] == START // NANOSECONDS // 86_400 * 86_400]
            assert candle[1:] == [10, 22, 10, 22, 7]

    run(scenario())


def test_a_bot_that_signs_by_the_time_that_it_was_told_is_let_in(recording: Path) -> None:
    """As coinbase-pro-node 9.1.0 does; what the recording does not have is then not found."""

    def signed(time: str) -> dict[str, str]:
        mac = hmac.digest(b"secret", f"{time}GET/accounts".encode(), hashlib.sha256)
        names = {
            "KEY": "a-key",
            "SIGN": base64.b64encode(mac).decode(),
            "TIMESTAMP": time,
            "PASSPHRASE": "a-passphrase",
        }
        return {f"CB-ACCESS-{name}": value for name, value in names.items()}

    async def scenario() -> None:
        async with venue(recording, auth="strict", auth_keys=[KEY]) as server:
            _, _, time = await ask(server, "/time")
            status, _, refused = await ask(server, "/accounts")
            assert (status, refused) == (401, {"message": "CB-ACCESS-KEY header is required"})
            status, _, refused = await ask(server, "/accounts", **signed("1"))
            assert (status, refused) == (400, {"message": "request timestamp expired"})
            status, _, missing = await ask(server, "/accounts", **signed(f"{time['epoch']}"))
            assert (status, missing) == (404, {"message": "NotFound"})

    run(scenario())
