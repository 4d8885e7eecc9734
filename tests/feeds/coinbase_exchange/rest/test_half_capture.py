"""What is answered of a real capture of 2021, at any moment of it: what its frames say, read in the simplest way."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
import zstandard

from feedrec.model import NANOSECONDS, Frame, parse_time

from ....shared import SHARED
from ...rest.recorded_market import RecordedMarket
from .asking import FEED, told

CAPTURE = SHARED / "samples" / "exchange_2021-04-17.frames.jsonl.zst"
PRODUCTS = (
    "SKL-USD",
    "SKL-BTC",
    "BAND-GBP",
    "NMR-EUR",
    "BAND-BTC",
    "YFI-BTC",
    "DASH-BTC",
    "NU-GBP",
    "CRV-EUR",
    "SKL-GBP",
)

pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="needs ../shared")

each_product = pytest.mark.parametrize("product", PRODUCTS)


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    with CAPTURE.open("rb") as file:
        rows = map(json.loads, zstandard.ZstdDecompressor().stream_reader(file).read().splitlines())
        return [Frame(int(row["ts"] * 1e9), 0, row["data"].encode()) for row in rows if row["dir"] == "recv"]


@pytest.fixture(scope="module", params=[500, 5_000, 9_946], ids=["soon", "later", "at the end"])
def played(request: pytest.FixtureRequest, frames: list[Frame]) -> list[Frame]:
    return frames[: request.param]


@pytest.fixture(scope="module")
def market(played: list[Frame], frames: list[Frame]) -> RecordedMarket:
    return RecordedMarket(FEED, played, played[-1].time, frames[len(played) :])


def messages(frames: list[Frame], product: str, *kinds: str) -> list[dict[str, Any]]:
    read = (json.loads(frame.payload) for frame in frames)
    return [one for one in read if one["type"] in kinds and one["product_id"] == product]


@each_product
def test_the_book_is_what_the_frames_have_left_of_it(played: list[Frame], market: RecordedMarket, product: str) -> None:
    sides: dict[str, dict[Decimal, Decimal]] = defaultdict(dict)
    for message in messages(played, product, "snapshot", "l2update"):
        levels = [("buy", *level) for level in message.get("bids", ())] + [
            ("sell", *level) for level in message.get("asks", ())
        ]
        for side, price, size in levels + message.get("changes", []):
            sides[side][Decimal(price)] = Decimal(size)
    book = told(f"/products/{product}/book?level=2", market)
    for side, name in (("buy", "bids"), ("sell", "asks")):
        left = sorted(((price, size) for price, size in sides[side].items() if size), reverse=side == "buy")
        assert [(Decimal(price), Decimal(size)) for price, size, _ in book[name]] == left


@each_product
def test_trades_and_candles_are_those_of_the_matches(played: list[Frame], market: RecordedMarket, product: str) -> None:
    matches = {one["trade_id"]: one for one in messages(played, product, "match", "last_match")}
    if not matches:
        pytest.skip("none of it is played yet")
    trades = told(f"/products/{product}/trades", market)
    assert [one["trade_id"] for one in trades] == sorted(matches, reverse=True)
    for trade in trades:
        match = matches[trade["trade_id"]]
        assert (trade["side"], trade["size"], trade["time"]) == (match["side"], match["size"], match["time"])
        assert Decimal(trade["price"]) == Decimal(match["price"])
    volumes: dict[int, Decimal] = defaultdict(Decimal)
    for match in matches.values():
        volumes[parse_time(match["time"]) // NANOSECONDS // 60 * 60] += Decimal(match["size"])
    now = market.time // NANOSECONDS // 60 * 60
    rows = told(f"/products/{product}/candles?granularity=60", market)
    assert {row[0]: Decimal(str(row[5])) for row in rows} == {
        minute: volume.normalize() for minute, volume in volumes.items() if minute > now - 300 * 60
    }


@each_product
def test_the_ticker_is_the_last_one(
    played: list[Frame], market: RecordedMarket, frames: list[Frame], product: str
) -> None:
    last = (messages(played, product, "ticker") or messages(frames, product, "ticker")[:1])[-1]
    ticker = told(f"/products/{product}/ticker", market)
    assert (ticker["price"], ticker["trade_id"], ticker["bid"]) == (last["price"], last["trade_id"], last["best_bid"])
    assert told(f"/products/{product}/stats", market)["open"] == last["open_24h"]


def test_products_are_guessed_as_fine_as_their_books(market: RecordedMarket) -> None:
    products = {one["id"]: one for one in told("/products", market)}
    assert sorted(products) == sorted(PRODUCTS)
    assert (products["SKL-BTC"]["quote_increment"], products["SKL-BTC"]["base_increment"]) == ("0.00000001", "0.1")
    assert (products["BAND-GBP"]["quote_increment"], products["BAND-GBP"]["base_increment"]) == ("0.0001", "0.01")
