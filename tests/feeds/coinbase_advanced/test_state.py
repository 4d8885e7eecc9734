"""Coinbase Advanced Trade: the snapshots that a client gets which subscribes in the middle of a recording."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.frames import describe
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.model import FrameInfo, Kind, parse_time

NOW = parse_time("2026-08-09T21:05:50.5Z")
SIDES = ("bid", "offer")

Book = dict[tuple[str, str], str]
"""The oracle: quantities by side and price."""


def frame(channel: str, *events: Any, **more: str) -> bytes:
    fields = {"channel": channel, **more, "timestamp": "2026-08-09T21:05:48.1Z", "sequence_num": 7, "events": events}
    return json.dumps(fields, separators=(",", ":")).encode()


def level(side: str, price: str, quantity: str, time: str = "2026-08-09T21:05:48.17Z") -> dict[str, str]:
    return {"side": side, "event_time": time, "price_level": price, "new_quantity": quantity}


def book_frame(kind: str, levels: Iterable[dict[str, str]], product: str = "BTC-USD", **more: str) -> bytes:
    return frame("l2_data", {"type": kind, "product_id": product, "updates": list(levels)}, **more)


def trade(number: int, product: str = "BTC-USD") -> dict[str, str]:
    return {"product_id": product, "trade_id": str(number), "price": "2", "size": f"0.{number}", "side": "BUY"}


def candle(start: int, volume: int = 1, product: str = "BTC-USD") -> dict[str, str]:
    return {"start": str(start), "high": "5", "volume": str(volume), "product_id": product}


def ticker(price: int, product: str = "BTC-USD") -> dict[str, str]:
    return {"type": "ticker", "product_id": product, "price": str(price)}


def feed(state: MarketState, *payloads: bytes) -> MarketState:
    for payload in payloads:
        state.apply(describe(payload), payload)
    return state


def has(state: MarketState, channel: str, product: str) -> bool:
    return state.snapshot(channel, product, NOW) is not None


def render(state: MarketState, channel: str, product: str = "BTC-USD") -> bytes:
    payload = state.snapshot(channel, product, NOW)
    assert payload is not None
    return payload


def objects(state: MarketState, channel: str, key: str, product: str = "BTC-USD") -> Any:
    (event,) = json.loads(render(state, channel, product))["events"]
    assert event["type"] == "snapshot"
    return event[key]


def change(book: Book, payload: bytes) -> Book:
    """Apply a frame to a book as a client does that parses all of it."""
    (event,) = json.loads(payload)["events"]
    book = {} if event["type"] == "snapshot" else book.copy()
    for update in event["updates"]:
        key = update["side"], update["price_level"]
        book[key] = update["new_quantity"]
        if book[key] == "0":
            del book[key]
    return book


def in_order(book: Book) -> list[tuple[str, str, str]]:
    """List a book as the venue does: bids, then offers, the best first."""
    bids = sorted((key for key in book if key[0] == "bid"), key=lambda key: -Decimal(key[1]))
    offers = sorted((key for key in book if key[0] == "offer"), key=lambda key: Decimal(key[1]))
    return [(*key, book[key]) for key in (*bids, *offers)]


def listed(payload: bytes) -> list[tuple[str, str, str]]:
    (event,) = json.loads(payload)["events"]
    return [(one["side"], one["price_level"], one["new_quantity"]) for one in event["updates"]]


# Hundredths, written without zeros at the end, as the venue does: one price has one text.
prices = st.integers(1, 3000).map(lambda hundredths: format((Decimal(hundredths) / 100).normalize(), "f"))
quantities = st.one_of(st.just("0"), st.integers(1, 99).map(lambda hundredths: f"0.{hundredths}"))
levels = st.lists(st.builds(level, st.sampled_from(SIDES), prices, quantities), min_size=1, max_size=30)
snapshots = st.builds(book_frame, st.just("snapshot"), levels)
updates = st.builds(book_frame, st.just("update"), levels)
walks = st.lists(st.one_of(updates, updates, updates, snapshots), max_size=12)


# level2


def test_a_book_is_given_in_the_shape_of_the_venue() -> None:
    first = book_frame("snapshot", [level("offer", "10", "1"), level("bid", "8.5", "2"), level("bid", "9", "3")])
    later = book_frame("update", [level("bid", "8.5", "0", "T2"), level("offer", "9.75", "0.5", "T2")])
    assert render(feed(MarketState(), first, later), "level2") == (
        b'{"channel":"l2_data","timestamp":"2026-08-09T21:05:50.5Z","sequence_num":0,"events":[{"type":"snapshot",'
        b'"product_id":"BTC-USD","updates":['
        b'{"side":"bid","event_time":"T2","price_level":"9","new_quantity":"3"},'
        b'{"side":"offer","event_time":"T2","price_level":"9.75","new_quantity":"0.5"},'
        b'{"side":"offer","event_time":"T2","price_level":"10","new_quantity":"1"}]}]}'
    )


def test_asks_may_be_called_ask_and_are_called_so_in_the_snapshot() -> None:
    first = book_frame("snapshot", [level("bid", "9", "3"), level("ask", "10", "1")])
    later = book_frame("update", [level("ask", "9.75", "0.5"), level("bid", "9", "2")])
    expected = [("bid", "9", "2"), ("ask", "9.75", "0.5"), ("ask", "10", "1")]
    assert listed(render(feed(MarketState(), first, later), "level2")) == expected


def test_a_level_is_found_by_the_value_of_its_price_and_zero_in_any_spelling_removes_it() -> None:
    """In a small frame and in a large one."""
    many = [level("bid", str(price), "1.0") for price in range(20)]
    first = book_frame("snapshot", [level("offer", "8444.00", "1"), level("offer", "8445.5", "2"), *many])
    state = feed(MarketState(), first, book_frame("update", [level("offer", "8444", "3")]))
    assert listed(render(state, "level2"))[-2:] == [("offer", "8444", "3"), ("offer", "8445.5", "2")]
    feed(state, book_frame("update", [level("offer", "8444.0", "0.00000000"), level("offer", "8445.50", "-0")]))
    feed(state, book_frame("update", [level("bid", f"{price}.0", "0e-8") for price in range(19)]))
    assert listed(render(state, "level2")) == [("bid", "19", "1.0")]


@given(snapshots, walks)
def test_at_any_point_the_book_is_that_of_a_client_there_from_the_start(first: bytes, walk: list[bytes]) -> None:
    state, book = MarketState(), Book()
    for payload in (first, *walk):
        feed(state, payload)
        book = change(book, payload)
        assert listed(render(state, "level2")) == in_order(book)


@given(snapshots, walks, st.data())
def test_a_client_that_joins_and_follows_has_the_book_of_one_there_from_the_start(
    first: bytes, walk: list[bytes], data: st.DataObject
) -> None:
    joined = data.draw(st.integers(0, len(walk)))
    early: Book = {}
    for payload in (first, *walk):
        early = change(early, payload)
    late = change({}, render(feed(MarketState(), first, *walk[:joined]), "level2"))
    for payload in walk[joined:]:
        late = change(late, payload)
    assert late == early


@given(snapshots, walks)
def test_a_snapshot_taken_in_gives_the_same_snapshot(first: bytes, walk: list[bytes]) -> None:
    payload = render(feed(MarketState(), first, *walk), "level2")
    assert render(feed(MarketState(), payload), "level2") == payload


def test_without_a_snapshot_there_is_no_book() -> None:
    state = feed(MarketState(), book_frame("update", [level("bid", "1", "1")]))
    assert state.snapshot("level2", "BTC-USD", NOW) is None
    assert state.keys() == []


def test_an_empty_book_is_a_book() -> None:
    state = feed(MarketState(), book_frame("snapshot", []))
    assert listed(render(state, "level2")) == []


def test_a_level_whose_price_is_no_number_is_left_out() -> None:
    state = feed(MarketState(), book_frame("snapshot", [level("bid", "1", "1"), level("bid", "one", "1")]))
    assert listed(render(state, "level2")) == [("bid", "1", "1")]


def test_making_a_snapshot_leaves_the_book_as_it_is() -> None:
    state = feed(MarketState(), book_frame("snapshot", [level("bid", "1", "1")]))
    assert render(state, "level2") == render(state, "level2")
    feed(state, book_frame("update", [level("bid", "1", "0"), level("bid", "2", "2")]))
    assert listed(render(state, "level2")) == [("bid", "2", "2")]


# Frames as long as those of a deep book.


def many(count: int, start: int = 1) -> list[dict[str, str]]:
    bids = [level("bid", str(price), "1") for price in range(start + count, start, -1)]
    return [*bids, *(level("offer", str(price), "2") for price in range(start + 10_000, start + 10_000 + count))]


def with_spaces(payload: bytes) -> bytes:
    return json.dumps(json.loads(payload)).encode()


def with_a_key_behind(payload: bytes) -> bytes:
    return json.dumps(json.loads(payload) | {"last": 1}, separators=(",", ":")).encode()


def with_a_border_in_each_text(payload: bytes) -> bytes:
    return payload.replace(b"2026-08-09T21:05:48.17Z", b"},{" * 5000, 20)


def with_another_product(payload: bytes) -> bytes:
    other = {"type": "snapshot", "product_id": "ETH-USD", "updates": many(700)}
    fields = json.loads(payload)
    return json.dumps(fields | {"events": [*fields["events"], other]}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "rewrite", [bytes, with_spaces, with_a_key_behind, with_a_border_in_each_text, with_another_product]
)
def test_a_long_frame_is_understood_whatever_its_shape(rewrite: Any) -> None:
    first, second = rewrite(book_frame("snapshot", many(2000))), rewrite(book_frame("update", many(700, start=1500)))
    state = feed(MarketState(), first, second)
    expected = {(one["side"], one["price_level"]): one["new_quantity"] for one in many(2000) + many(700, start=1500)}
    assert listed(render(state, "level2")) == in_order(expected)


def test_a_long_frame_that_breaks_off_changes_nothing() -> None:
    state = feed(MarketState(), book_frame("snapshot", [level("bid", "1", "1")]))
    payload = book_frame("snapshot", many(2000))
    info = describe(payload)
    for broken in (payload[:-1], payload[:100_000], payload[:100_000] + b"\xff" + payload[100_001:], payload[:-9]):
        state.apply(info, broken)
        assert listed(render(state, "level2")) == [("bid", "1", "1")]


def test_a_long_book_is_given_in_order_whatever_order_it_came_in() -> None:
    mixed = sorted(many(3000), key=lambda one: int(one["price_level"]) * 7919 % 10007)
    state = feed(MarketState(), book_frame("snapshot", mixed))
    expected = {(one["side"], one["price_level"]): one["new_quantity"] for one in mixed}
    assert listed(render(state, "level2")) == in_order(expected)


# The other channels.


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 130)), max_size=8))
def test_the_last_hundred_trades_are_given_newest_first(walk: list[tuple[bool, int]]) -> None:
    state, expected, last = MarketState(), list[Any](), 0
    for is_snapshot, count in walk:
        found = [trade(number) for number in range(last + count, last, -1)]
        last += count
        feed(state, frame("market_trades", {"type": "snapshot" if is_snapshot else "update", "trades": found}))
        expected = (found + ([] if is_snapshot and found else expected))[:100]
        if expected:
            assert objects(state, "market_trades", "trades") == expected
    assert has(state, "market_trades", "BTC-USD") == bool(expected)


@given(st.lists(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 9)), min_size=1, max_size=60), max_size=8))
def test_the_last_hundred_candles_are_given_oldest_first_each_in_its_newest_version(
    walk: list[list[tuple[int, int]]],
) -> None:
    state, expected = MarketState(), dict[int, Any]()
    for found in walk:
        candles = [candle(start * 300, volume) for start, volume in found]
        feed(state, frame("candles", {"type": "update", "candles": candles}))
        expected |= {int(one["start"]): one for one in candles}
        expected = dict(sorted(expected.items())[-100:])
        assert objects(state, "candles", "candles") == list(expected.values())


def test_candles_of_a_later_snapshot_replace_those_before() -> None:
    state = feed(MarketState(), frame("candles", {"type": "snapshot", "candles": [candle(300), candle(600)]}))
    feed(state, frame("candles", {"type": "snapshot", "candles": [candle(600, 2), candle(900)]}))
    assert objects(state, "candles", "candles") == [candle(600, 2), candle(900)]


@pytest.mark.parametrize("channel", ["ticker", "ticker_batch"])
def test_the_last_ticker_is_given_verbatim(channel: str) -> None:
    state = feed(MarketState(), frame(channel, {"type": "snapshot", "tickers": [ticker(1), ticker(8, "ETH-USD")]}))
    later = b'{"channel":"%b","events":[{"type":"update","tickers":[{ "product_id":"BTC-USD","new":[1, 2.50] }]}]}'
    feed(state, later % channel.encode())
    assert render(state, channel) == (
        b'{"channel":"%b","timestamp":"2026-08-09T21:05:50.5Z","sequence_num":0,"events":[{"type":"snapshot",'
        b'"tickers":[{ "product_id":"BTC-USD","new":[1, 2.50] }]}]}' % channel.encode()
    )
    assert objects(state, channel, "tickers", "ETH-USD") == [ticker(8, "ETH-USD")]


def test_status_gives_the_last_of_each_product_in_order_of_appearance() -> None:
    state = feed(
        MarketState(),
        frame("status", {"type": "snapshot", "products": [{"id": "B", "v": 1}, {"id": "A", "v": 1}]}),
        frame("status", {"type": "update", "products": [{"id": "C", "v": 2}, {"id": "B", "v": 2}]}),
    )
    everything = [{"id": "B", "v": 2}, {"id": "A", "v": 1}, {"id": "C", "v": 2}]
    assert objects(state, "status", "products", "") == everything
    assert objects(state, "status", "products", "A") == [{"id": "A", "v": 1}]
    assert not has(state, "status", "D")
    assert state.keys() == [("status", "")]


# All channels.


def one_frame_of_each(**more: str) -> list[bytes]:
    return [
        book_frame("snapshot", [level("bid", "1", "1")], **more),
        frame("ticker", {"type": "snapshot", "tickers": [ticker(1)]}, **more),
        frame("ticker_batch", {"type": "snapshot", "tickers": [ticker(1)]}, **more),
        frame("market_trades", {"type": "snapshot", "trades": [trade(1)]}, **more),
        frame("candles", {"type": "snapshot", "candles": [candle(300)]}, **more),
        frame("status", {"type": "snapshot", "products": [{"id": "BTC-USD"}]}, **more),
    ]


CHANNELS = [describe(payload).channel for payload in one_frame_of_each()]


@pytest.mark.parametrize("more", [{}, {"client_id": ""}, {"client_id": "x"}])
def test_a_snapshot_alone_comes_back_but_for_time_and_sequence(more: dict[str, str]) -> None:
    state = feed(MarketState(), *one_frame_of_each(**more))
    for channel, payload in zip(CHANNELS, one_frame_of_each(**more), strict=True):
        expected = payload.replace(b"48.1Z", b"50.5Z").replace(b'"sequence_num":7', b'"sequence_num":0')
        assert render(state, channel) == expected


def test_the_time_is_written_without_zeros_at_the_end() -> None:
    state = feed(MarketState(), *one_frame_of_each())
    for text in ("2026-08-09T21:05:50Z", "2026-08-09T21:05:50.000000001Z", "2026-08-09T21:00:00.1Z"):
        payload = state.snapshot("ticker", "BTC-USD", parse_time(text))
        assert json.loads(payload or b"")["timestamp"] == text


@pytest.mark.parametrize("channel", CHANNELS)
def test_only_what_is_wanted_is_kept(channel: str) -> None:
    state = feed(MarketState({(channel, "BTC-USD")}), *one_frame_of_each())
    assert [name for name in CHANNELS if has(state, name, "BTC-USD")] == [channel]
    assert feed(MarketState({(channel, "X")}), *one_frame_of_each()).keys() == []


def test_of_a_frame_about_several_products_only_the_wanted_are_kept() -> None:
    books: list[Any] = [{"type": "snapshot", "product_id": product, "updates": []} for product in ("A", "B")]
    state = MarketState([("ticker", "A"), ("level2", "B"), ("status", "C")])
    feed(state, frame("ticker", {"type": "update", "tickers": [ticker(1, "A"), ticker(1, "B")]}))
    feed(state, frame("l2_data", *books))
    for channel, kept, other in (("ticker", "A", "B"), ("level2", "B", "A")):
        assert has(state, channel, kept)
        assert not has(state, channel, other)


def test_all_products_of_status_can_be_wanted_or_some() -> None:
    payload = frame("status", {"type": "snapshot", "products": [{"id": "A"}, {"id": "B"}]})
    assert objects(feed(MarketState([("status", "")]), payload), "status", "products", "") == [{"id": "A"}, {"id": "B"}]
    assert objects(feed(MarketState([("status", "B")]), payload), "status", "products", "") == [{"id": "B"}]


def test_a_copy_and_its_original_go_their_own_ways() -> None:
    state = feed(MarketState(), *one_frame_of_each())
    before = [render(state, channel) for channel in CHANNELS]
    copy = state.copy()
    feed(state, book_frame("update", [level("bid", "1", "2")]), book_frame("snapshot", many(2000)))
    for channel, key, one in (
        ("ticker", "tickers", ticker(2)),
        ("ticker_batch", "tickers", ticker(2)),
        ("market_trades", "trades", trade(2)),
        ("candles", "candles", candle(600)),
        ("status", "products", {"id": "BTC-USD", "v": 2}),
    ):
        feed(state, frame(channel, {"type": "update", key: [one]}))
    assert [render(copy, channel) for channel in CHANNELS] == before
    after = [render(state, channel) for channel in CHANNELS]
    assert all(one != other for one, other in zip(before, after, strict=True))
    feed(copy, book_frame("update", [level("bid", "7", "7")]))
    assert [render(state, channel) for channel in CHANNELS] == after


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["snapshot", "bid", "0"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "product_id", "updates", "tickers", "trades", "candles", "products", "events"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(
    st.sampled_from([*CHANNELS, "heartbeats", ""]),
    st.sampled_from(["snapshot", "update", "other"]),
    st.one_of(
        st.binary(max_size=60),
        values.map(lambda value: json.dumps(value).encode()),
        values.map(lambda value: json.dumps({"channel": "l2_data", "events": [value]}).encode()),
        st.tuples(st.sampled_from(one_frame_of_each(client_id="x")), st.integers(0, 250), st.binary(max_size=3)).map(
            lambda made: made[0][: made[1]] + made[2] + made[0][made[1] + 1 :]
        ),
        st.just(b"[" * 100_000),
    ),
)
def test_foreign_and_broken_frames_never_raise_and_leave_a_state_that_can_be_given(
    channel: str, kind: Kind, payload: bytes
) -> None:
    state = feed(MarketState(), *one_frame_of_each())
    state.apply(FrameInfo(channel, ("BTC-USD",), 1, kind, parses=True), payload)
    feed(state, payload)
    for name in CHANNELS:
        render(state, name).decode()


# The real capture.


def oracle_of(capture: list[bytes]) -> dict[tuple[str, str], Any]:
    """Follow the capture with whole parses, as slowly and plainly as can be."""
    found: dict[tuple[str, str], Any] = {}
    for payload in capture:
        fields = json.loads(payload)
        channel, (event,) = fields["channel"], fields["events"]
        if channel == "l2_data":
            key = ("level2", event["product_id"])
            found[key] = change(found.get(key, {}), payload)
        elif channel == "market_trades":
            key = (channel, event["trades"][0]["product_id"])
            found[key] = (event["trades"] + found.get(key, []))[:100]
        elif channel == "candles":
            key = (channel, event["candles"][0]["product_id"])
            found[key] = found.get(key, {}) | {int(one["start"]): one for one in event["candles"]}
        elif channel == "ticker":
            found[channel, event["tickers"][0]["product_id"]] = event["tickers"]
    return found


def test_after_the_real_capture_the_state_is_that_of_a_client_that_parsed_it(capture_frames: list[bytes]) -> None:
    state = feed(MarketState(), *capture_frames)
    oracle = oracle_of(capture_frames)
    for product in ("BTC-USD", "ETH-USD"):
        assert listed(render(state, "level2", product)) == in_order(oracle["level2", product])
        assert objects(state, "market_trades", "trades", product) == oracle["market_trades", product]
        candles = [one for _, one in sorted(oracle["candles", product].items())][-100:]
        assert objects(state, "candles", "candles", product) == candles
        assert objects(state, "ticker", "tickers", product) == oracle["ticker", product]
    assert not has(state, "status", "")
    assert not has(state, "ticker_batch", "BTC-USD")


def test_the_real_snapshots_come_back_byte_for_byte_but_for_time_and_sequence(capture_frames: list[bytes]) -> None:
    for payload in capture_frames:
        info = describe(payload)
        if info.kind == "snapshot":
            state = feed(MarketState(), payload)
            time = parse_time(json.loads(payload)["timestamp"])
            given_back = state.snapshot(info.channel, info.products[0], time)
            sequence = b'"sequence_num":%d,' % (info.sequence or 0)
            assert given_back == payload.replace(sequence, b'"sequence_num":0,', 1)


def test_what_a_snapshot_can_be_given_of_is_known() -> None:
    """Each thing once; of status the list of all products. Updates without a snapshot make no book."""
    state = MarketState()
    assert state.keys() == []
    status = frame("status", {"type": "snapshot", "products": [{"id": "BTC-USD"}, {"id": "ETH-USD"}]})
    feed(
        state,
        book_frame("update", [level("bid", "1", "1")], "ETH-USD"),
        book_frame("snapshot", [level("bid", "1", "1")]),
        frame("ticker", {"type": "update", "tickers": [ticker(1), ticker(2, "ETH-USD")]}),
        status,
    )
    expected = [("level2", "BTC-USD"), ("status", ""), ("ticker", "BTC-USD"), ("ticker", "ETH-USD")]
    assert sorted(state.keys()) == expected
    assert all(has(state, *key) for key in expected)


def test_a_state_of_everything_keeps_everything() -> None:
    state = FEED.state(None)
    assert isinstance(state, MarketState)
    feed(state, book_frame("snapshot", [level("bid", "1", "1")]))
    assert state.keys() == [("level2", "BTC-USD")]


def test_a_trade_that_comes_again_comes_last_so_that_the_last_frames_tell_which_hundred_there_are() -> None:
    def trades(first: int, count: int) -> bytes:
        rows = [trade(number) for number in range(first + count - 1, first - 1, -1)]
        return frame("market_trades", {"type": "update", "trades": rows})

    state = feed(MarketState(), trades(0, 3), trades(100, 98), trades(0, 1))
    ids = [one["trade_id"] for one in objects(state, "market_trades", "trades")]
    assert ids[0] == "0"
    assert ids[-1] == "2"
    assert len(ids) == 100
    assert state.is_settled("market_trades", "BTC-USD")
    assert not feed(MarketState(), trades(0, 99)).is_settled("market_trades", "BTC-USD")
