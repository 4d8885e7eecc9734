"""Coinbase Exchange: what a client gets first that subscribes in the middle of a recording."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_exchange.frames import describe
from feedrec.feeds.coinbase_exchange.state import MarketState
from feedrec.model import parse_time

NOW = parse_time("2026-09-30T02:03:13.25Z")
T1, T2 = "2026-09-30T02:03:12.699555Z", "2026-09-30T02:03:12.749555Z"

Books = dict[str, dict[Decimal, tuple[str, str]]]
"""The oracle: by side, what the venue wrote of each price."""


def frame(kind: str, product: str = "BTC-USD", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "product_id": product, **fields}, separators=(",", ":")).encode()


def snapshot(asks: Iterable[Any], bids: Iterable[Any], **more: Any) -> bytes:
    return frame("snapshot", asks=list(asks), bids=list(bids), **more)


def update(*changes: tuple[str, str, str], **more: Any) -> bytes:
    return frame("l2update", changes=changes, **({"time": T2} | more))


def feed(state: MarketState, *payloads: bytes) -> MarketState:
    for payload in payloads:
        state.apply(describe(payload), payload)
    return state


def render(state: MarketState, channel: str, product: str = "BTC-USD") -> bytes:
    payload = state.snapshot(channel, product, NOW)
    assert payload is not None
    return payload


def test_a_book_is_given_in_the_shape_of_the_venue() -> None:
    first = snapshot([["10.00", "1.0"], ["9.80", "2.0"]], [["8.50", "2.5"], ["9.00", "3.0"]], time=T1)
    later = update(("buy", "8.50", "0.00000000"), ("sell", "9.75", "0.50000000"), ("sell", "10.00", "0.7"))
    assert render(feed(MarketState(), first, later), "level2") == (
        b'{"type":"snapshot","product_id":"BTC-USD","asks":[["9.75","0.50000000"],["9.80","2.0"],["10.00","0.7"]],'
        b'"bids":[["9.00","3.0"]],"time":"2026-09-30T02:03:12.749555Z"}'
    )


def test_a_book_without_a_time_of_its_own_has_that_of_the_subscription() -> None:
    assert render(feed(MarketState(), snapshot([], [])), "level2") == (
        b'{"type":"snapshot","product_id":"BTC-USD","asks":[],"bids":[],"time":"2026-09-30T02:03:13.250000Z"}'
    )


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00", "0.000000", "0.00000000", "-0", "0e-8"])
def test_zero_in_any_spelling_removes_a_level(zero: str) -> None:
    state = feed(MarketState(), snapshot([["1", "1"]], [["0.5", "1"]]), update(("sell", "1", zero)))
    assert json.loads(render(state, "level2"))["asks"] == []


def test_a_price_with_more_zeros_is_the_same_price() -> None:
    state = feed(MarketState(), snapshot([["10101.80", "1"]], []), update(("sell", "10101.80000000", "2")))
    assert json.loads(render(state, "level2"))["asks"] == [["10101.80000000", "2"]]
    feed(state, update(("sell", "10101.8", "0")))
    assert json.loads(render(state, "level2"))["asks"] == []


def test_what_is_no_number_has_no_place_in_a_book() -> None:
    state = feed(MarketState(), snapshot([["x", "1"], ["nan", "1"], ["1", "y"], ["2", "3"]], []))
    assert json.loads(render(state, "level2"))["asks"] == [["2", "3"]]


def test_without_a_snapshot_there_is_no_book() -> None:
    state = feed(MarketState(), update(("buy", "1", "1")))
    assert state.snapshot("level2", "BTC-USD", NOW) is None
    assert state.keys() == []


def test_a_later_snapshot_takes_the_place_of_all_before() -> None:
    state = feed(MarketState(), snapshot([["3", "1"]], [["1", "1"]]), snapshot([["4", "1"]], []))
    book = json.loads(render(state, "level2"))
    assert (book["asks"], book["bids"]) == ([["4", "1"]], [])


@pytest.mark.parametrize(
    "broken",
    [
        b'{"type":"l2update","product_id":"BTC-USD","changes":[["buy","1"]]}',
        b'{"type":"snapshot","product_id":"BTC-USD","asks":7,"bids":[]}',
        b'{"type":"snapshot","product_id":"BTC-USD","asks":[["3","1"]],"bids":[["1",' + b" " * 20_000 + b"1]]}",
        b'{"type":"l2update","product_id":"BTC-USD","changes":[["sell","3","0"],' + b'["buy","2","1"],' * 2000 + b"7]}",
    ],
)
def test_a_frame_that_is_not_understood_changes_nothing(broken: bytes) -> None:
    state = feed(MarketState(), snapshot([["3", "1"]], [["1", "1"]], time=T1))
    before = render(state, "level2")
    assert describe(broken).channel == "level2"
    assert render(feed(state, broken), "level2") == before


# Books against a model


def change(books: Books, payload: bytes) -> Books:
    """Apply a frame as a client does that parses all of it."""
    parsed = json.loads(payload)
    if parsed["type"] == "snapshot":
        books = {
            side: {Decimal(price): (price, size) for price, size in parsed[key] if Decimal(size)}
            for side, key in (("sell", "asks"), ("buy", "bids"))
        }
    for side, price, size in parsed.get("changes", ()):
        if Decimal(size):
            books[side][Decimal(price)] = (price, size)
        else:
            books[side].pop(Decimal(price), None)
    return books


prices = st.builds(
    lambda hundredths, zeros: f"{hundredths // 100}.{hundredths % 100:02d}{'0' * zeros}",
    st.integers(1, 3000),
    st.sampled_from([0, 0, 6]),
)
sizes = st.sampled_from(["0", "0.00", "0.00000000", "1", "0.5", "0.30000000", "12.7"])
distinct = st.lists(st.tuples(prices, sizes), max_size=30, unique_by=lambda level: Decimal(level[0]))
changes = st.lists(st.tuples(st.sampled_from(["buy", "sell"]), prices, sizes), min_size=1, max_size=15)
snapshots = st.builds(snapshot, distinct, distinct)
walks = st.lists(st.one_of(*[changes.map(lambda some: update(*some))] * 3, snapshots), max_size=12)


@given(snapshots, walks)
def test_the_book_is_that_of_a_client_that_applied_every_frame(first: bytes, walk: list[bytes]) -> None:
    state = MarketState([("level2_batch", "BTC-USD")])
    books: Books = {}
    for payload in (first, *walk):
        feed(state, payload)
        books = change(books, payload)
        book = json.loads(render(state, "level2"))
        asks, bids = books["sell"], books["buy"]
        assert book["asks"] == [list(asks[price]) for price in sorted(asks)]
        assert book["bids"] == [list(bids[price]) for price in sorted(bids, reverse=True)]


def big(count: int, **more: Any) -> bytes:
    asks = [[f"{1000 + number}.{number % 100:02d}", f"0.{number + 1}"] for number in range(count)]
    bids = [[f"{999 - number / 100:.2f}", f"1.{number}"] for number in range(count)]
    return snapshot(asks, bids, **more)


@pytest.mark.parametrize(
    "payload",
    [
        big(3000, time=T1),
        big(3000),
        frame("snapshot", bids=json.loads(big(3000))["bids"], asks=[], time=T1),
        json.dumps(json.loads(big(1500, time=T1)), indent=1).encode(),
        snapshot([], json.loads(big(3000))["bids"]),
    ],
)
def test_a_long_snapshot_is_understood_whatever_its_shape(payload: bytes) -> None:
    parsed, book = json.loads(payload), json.loads(render(feed(MarketState(), payload), "level2"))
    assert (book["asks"], book["bids"]) == (parsed["asks"], parsed["bids"])


def test_a_long_update_is_understood() -> None:
    payload = update(*(("sell", f"{number}", "1") for number in range(1, 4000)))
    state = feed(MarketState(), snapshot([], []), payload)
    assert len(json.loads(render(state, "level2"))["asks"]) == 3999


# The other channels


def test_the_last_ticker_is_given_as_it_came() -> None:
    first, second = (frame("ticker", sequence=number, trade_id=number, price="1.0") for number in (5, 9))
    state = feed(MarketState([("ticker", "BTC-USD")]), first, second, frame("ticker", "ETH-USD", sequence=10))
    assert render(state, "ticker") == render(state, "ticker_batch") == second
    assert state.keys() == [("ticker", "BTC-USD")]


def test_the_last_match_is_given_as_such() -> None:
    state = feed(MarketState(), frame("last_match", trade_id=1, sequence=2))
    assert render(state, "matches") == frame("last_match", trade_id=1, sequence=2)
    feed(state, b'{"trade_id":2,"sequence":4, "type" : "match","product_id":"BTC-USD","side":"sell"}')
    assert render(state, "matches") == (
        b'{"trade_id":2,"sequence":4, "type" : "last_match","product_id":"BTC-USD","side":"sell"}'
    )


def test_status_and_the_schema_of_level3_are_given_for_any_product() -> None:
    status, schema = b'{"type":"status","products":[{"display_name":"\xc3\xa9"}]}', b'{"type":"level3","schema":{}}'
    state = feed(MarketState(), status, schema, b'["noop","BTC-USD","7","t"]')
    assert render(state, "status", "") == status
    assert render(state, "level3") == render(state, "level3", "ETH-USD") == schema
    assert state.keys() == [("status", ""), ("level3", "")]


def test_what_is_no_utf8_is_not_kept() -> None:
    assert feed(MarketState(), b'{"type":"status","x":"\xff"}').keys() == []


def test_a_heartbeat_tells_the_last_numbers_of_all_channels_if_it_is_asked_for() -> None:
    state = MarketState([("heartbeat", "BTC-USD")])
    assert state.snapshot("heartbeat", "BTC-USD", NOW) is None
    feed(state, frame("match", trade_id=30, sequence=5), frame("open", sequence=8), frame("l2update", changes=[]))
    feed(state, frame("match", "ETH-USD", trade_id=90, sequence=900))
    assert render(state, "heartbeat") == (
        b'{"type":"heartbeat","last_trade_id":30,"product_id":"BTC-USD","sequence":8,'
        b'"time":"2026-09-30T02:03:13.250000Z"}'
    )
    feed(state, frame("match", trade_id=2**64 - 1, sequence=2**64 - 1), frame("match", trade_id=3, sequence=2))
    assert b'"last_trade_id":3,"product_id":"BTC-USD","sequence":2,' in render(state, "heartbeat")
    assert state.keys() == [("heartbeat", "BTC-USD")]
    assert feed(MarketState(), frame("match", trade_id=30, sequence=5)).keys() == [("matches", "BTC-USD")]


def test_what_is_not_wanted_is_not_kept() -> None:
    state = MarketState([("level2", "ETH-USD"), ("matches", "BTC-USD")])
    feed(state, snapshot([], []), frame("ticker"), frame("match", trade_id=1), b'{"type":"status"}')
    assert state.keys() == [("matches", "BTC-USD")]


def test_full_has_no_snapshot() -> None:
    assert feed(MarketState(), frame("open", sequence=1)).keys() == []


def test_a_copy_goes_its_own_way() -> None:
    state = feed(MarketState(), snapshot([["3", "1"]], []), frame("ticker", price="1"))
    copy = state.copy()
    feed(copy, update(("sell", "3", "0")), frame("ticker", price="2"))
    assert json.loads(render(state, "level2"))["asks"] == [["3", "1"]]
    assert json.loads(render(state, "ticker"))["price"] == "1"
    assert json.loads(render(copy, "level2"))["asks"] == []
