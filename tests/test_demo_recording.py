"""The recording that ships with the package: made by its script, and true to the venue's rules."""

from __future__ import annotations

import itertools
import json
import re
import runpy
import statistics
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import Notice, Subscription, find_feed
from feedrec.formats import RecordingReader
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record, parse_time

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "feedrec" / "cli" / "demo.jsonl.zst"
FEED = find_feed("coinbase-advanced")
PRODUCTS = {"BTC-USD", "ETH-USD"}
GO_TIME = re.compile(r"2026-11-21T17:0\d:\d\d(\.\d{0,8}[1-9])?Z")
DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?")


@pytest.fixture(scope="module")
def header() -> Header:
    with RecordingReader(DEMO) as reader:
        return reader.header


@pytest.fixture(scope="module")
def records() -> list[Record]:
    with RecordingReader(DEMO) as reader:
        return list(reader)


@pytest.fixture(scope="module")
def received(records: list[Record]) -> list[Frame]:
    return [record for record in records if isinstance(record, Frame) and record.direction == "in"]


@pytest.fixture(scope="module")
def messages(received: list[Frame]) -> list[dict[str, Any]]:
    return [json.loads(frame.payload) for frame in received]


def of_channel(messages: list[dict[str, Any]], channel: str) -> Iterator[dict[str, Any]]:
    """Give the events of a channel."""
    return (message["events"][0] for message in messages if message["channel"] == channel)


def test_it_is_what_its_script_makes() -> None:
    lines = runpy.run_path(str(ROOT / "scripts" / "make_demo_recording.py"))["make_lines"]()
    with RecordingReader(DEMO) as reader:
        assert list(itertools.chain.from_iterable(reader.batches())) == lines[1:]
        assert reader.header == Header(
            "coinbase-advanced",
            FEED.url,
            parse_time("2026-11-21T17:02:00Z"),
            "feedrec demo",
            json.loads(lines[0])["subscriptions"],
        )


def test_it_is_small_and_lasts_half_a_minute(header: Header, records: list[Record]) -> None:
    assert DEMO.stat().st_size < 400_000
    assert 1_500 <= len(records) <= 2_500
    assert 30 <= (records[-1].time - header.created) / NANOSECONDS < 31


def test_it_is_one_connection_from_open_to_close_with_times_in_order(records: list[Record]) -> None:
    events = [record for record in records if isinstance(record, Event)]
    assert [events[0], events[-1]] == [records[0], records[-1]]
    assert [(event.name, event.details) for event in events] == [
        ("open", {"url": "wss://advanced-trade-ws.coinbase.com"}),
        ("close", {"code": 1000, "reason": ""}),
    ]
    assert {record.conn for record in records} == {0}
    assert all(one.time <= other.time for one, other in itertools.pairwise(records))


def test_its_payloads_are_compact_and_stand_in_their_lines(received: list[Frame]) -> None:
    for frame in received:
        assert json.dumps(json.loads(frame.payload), separators=(",", ":")).encode() == frame.payload


def test_what_it_sends_is_what_the_client_half_sends(header: Header, records: list[Record]) -> None:
    subscriptions = [Subscription(one["channel"], tuple(one.get("products", ()))) for one in header.subscriptions]
    assert [one.channel for one in subscriptions] == ["level2", "ticker", "market_trades", "candles", "heartbeats"]
    sent = [record.payload for record in records if isinstance(record, Frame) and record.direction == "out"]
    assert sent == [message.payload for message in FEED.client(subscriptions).on_open(0)]


def test_the_client_half_finds_nothing_missing_and_no_gap(header: Header, received: list[Frame]) -> None:
    client = FEED.client([Subscription(one["channel"], tuple(one.get("products", ()))) for one in header.subscriptions])
    notices = [notice for one in received for notice in client.on_frame(FEED.describe(one.payload), one.payload)]
    assert notices == [Notice("subscribed to level2, ticker, market_trades, candles, heartbeats")]
    assert client.out_of_order == 0


def test_every_frame_is_described_and_numbered_from_zero_without_a_hole(received: list[Frame]) -> None:
    infos = [FEED.describe(frame.payload) for frame in received]
    assert [info.sequence for info in infos] == list(range(len(received)))
    assert all(info.kind not in ("other", "error") for info in infos)
    counts = Counter((info.channel, info.kind) for info in infos)
    for channel in ("level2", "ticker", "market_trades", "candles"):
        assert counts[channel, "snapshot"] == 2
        assert counts[channel, "update"] >= 4
        of_products = {info.products for info in infos if info.channel == channel}
        assert of_products == {("BTC-USD",), ("ETH-USD",)}
    assert counts["heartbeats", "heartbeat"] >= 29


def test_frames_have_the_envelope_of_2026(messages: list[dict[str, Any]]) -> None:
    for message in messages:
        assert list(message) == ["channel", "timestamp", "sequence_num", "events"]
        assert GO_TIME.fullmatch(message["timestamp"])
        assert len(message["events"]) == 1
    stamps = [parse_time(message["timestamp"]) for message in messages]
    assert stamps == sorted(stamps)


def test_frames_arrive_some_milliseconds_after_their_stamps(
    received: list[Frame], messages: list[dict[str, Any]]
) -> None:
    for frame, message in zip(received, messages, strict=True):
        assert 5_000_000 < frame.time - parse_time(message["timestamp"]) < 15_000_000


def test_snapshots_come_before_their_ack_which_lists_everything_so_far(messages: list[dict[str, Any]]) -> None:
    expected: dict[str, list[str]] = {}
    channels = iter(["level2", "ticker", "market_trades", "candles", "heartbeats"])
    names = {"l2_data": "level2"}
    seen = set()
    for message in messages:
        event = message["events"][0]
        if event.get("type") == "snapshot":
            seen.add(names.get(message["channel"], message["channel"]))
        if message["channel"] == "subscriptions":
            channel = next(channels)
            expected[channel] = ["heartbeats"] if channel == "heartbeats" else ["BTC-USD", "ETH-USD"]
            assert event == {"subscriptions": expected}
            assert list(event["subscriptions"]) == sorted(expected)
            assert seen == set(expected) - {"heartbeats"}
    assert next(channels, None) is None


def test_heartbeats_come_each_second_and_count_the_seconds_of_the_server(messages: list[dict[str, Any]]) -> None:
    beats = list(of_channel(messages, "heartbeats"))
    counters = [beat["heartbeat_counter"] for beat in beats]
    assert counters == list(range(counters[0], counters[0] + len(counters)))
    assert counters[0] > 0
    times, uptimes = [], []
    for beat in beats:
        found = re.fullmatch(r"(\S+) (\S+) \+0000 UTC m=\+(\d+)\.(\d{9})", beat["current_time"])
        assert found is not None
        day, clock, second, fraction = found.groups()
        assert int(second) == beat["heartbeat_counter"]
        times.append(parse_time(f"{day}T{clock}Z"))
        uptimes.append(int(second) * NANOSECONDS + int(fraction))
    assert len({time - uptime for time, uptime in zip(times, uptimes, strict=True)}) == 1
    assert all(0.995e9 < after - before < 1.005e9 for before, after in itertools.pairwise(times))


def apply(book: dict[str, dict[Decimal, Decimal]], update: dict[str, str]) -> None:
    price, quantity = Decimal(update["price_level"]), Decimal(update["new_quantity"])
    if quantity:
        book[update["side"]][price] = quantity
    else:
        book[update["side"]].pop(price, None)


def books_over_time(
    messages: list[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], dict[str, dict[str, dict[Decimal, Decimal]]]]]:
    """Give each frame with the books as of then."""
    books: dict[str, dict[str, dict[Decimal, Decimal]]] = {}
    for message in messages:
        event = message["events"][0]
        if message["channel"] == "l2_data":
            if event["type"] == "snapshot":
                books[event["product_id"]] = {"bid": {}, "offer": {}}
            for update in event["updates"]:
                apply(books[event["product_id"]], update)
        yield message, books


def test_the_books_are_deep_and_never_crossed(messages: list[dict[str, Any]]) -> None:
    mids: dict[str, set[Decimal]] = {}
    for message, books in books_over_time(messages):
        if message["channel"] != "l2_data":
            continue
        name = message["events"][0]["product_id"]
        book = books[name]
        assert 0 < max(book["bid"]) < min(book["offer"]) < max(book["bid"]) * Decimal("1.001")
        assert all(130 < len(levels) < 170 for levels in book.values())
        mids.setdefault(name, set()).add(max(book["bid"]) + min(book["offer"]))
    assert mids.keys() == PRODUCTS
    assert all(len(values) > 20 for values in mids.values())  # they do move


def test_tickers_agree_with_the_book(messages: list[dict[str, Any]]) -> None:
    for message, books in books_over_time(messages):
        if message["channel"] == "ticker":
            (ticker,) = message["events"][0]["tickers"]
            book = books[ticker["product_id"]]
            bid, ask = max(book["bid"]), min(book["offer"])
            assert (Decimal(ticker["best_bid"]), Decimal(ticker["best_ask"])) == (bid, ask)
            assert Decimal(ticker["best_bid_quantity"]) == book["bid"][bid]
            assert Decimal(ticker["best_ask_quantity"]) == book["offer"][ask]
            assert Decimal(ticker["low_52_w"]) < Decimal(ticker["low_24_h"]) < Decimal(ticker["price"])
            assert Decimal(ticker["price"]) < Decimal(ticker["high_24_h"]) < Decimal(ticker["high_52_w"])


def test_updates_of_level2_have_bids_first_and_one_time_each(messages: list[dict[str, Any]]) -> None:
    removals = 0
    for event in of_channel(messages, "l2_data"):
        assert list(event) == ["type", "product_id", "updates"]
        sides = [update["side"] for update in event["updates"]]
        assert sides == sorted(sides)
        assert set(sides) <= {"bid", "offer"}
        assert len({update["event_time"] for update in event["updates"]}) == 1
        for update in event["updates"]:
            assert list(update) == ["side", "event_time", "price_level", "new_quantity"]
            assert GO_TIME.fullmatch(update["event_time"])
            assert DECIMAL.fullmatch(update["price_level"])
            assert DECIMAL.fullmatch(update["new_quantity"])
            removals += update["new_quantity"] == "0"
        if event["type"] == "snapshot":
            for side, is_reversed in (("bid", True), ("offer", False)):
                prices = [Decimal(one["price_level"]) for one in event["updates"] if one["side"] == side]
                assert prices == sorted(prices, reverse=is_reversed)
                assert len(prices) == 150
    assert removals > 100


def test_updates_of_level2_come_about_each_50_ms(messages: list[dict[str, Any]]) -> None:
    for name in PRODUCTS:
        stamps = [
            parse_time(message["timestamp"])
            for message in messages
            if message["channel"] == "l2_data" and message["events"][0]["product_id"] == name
        ]
        between = [after - before for before, after in itertools.pairwise(stamps)]
        assert 49e6 < statistics.median(between) < 51e6
        assert max(between) < 100e6


def test_trades_are_at_prices_of_the_book_and_numbered(messages: list[dict[str, Any]]) -> None:
    changed: set[tuple[str, str, str]] = set()
    numbers: dict[str, list[int]] = {name: [] for name in PRODUCTS}
    for message in messages:
        event = message["events"][0]
        if message["channel"] == "l2_data":
            changed |= {(event["product_id"], one["side"], one["price_level"]) for one in event["updates"]}
        elif message["channel"] == "market_trades":
            trades = event["trades"]
            times = [parse_time(one["time"]) for one in trades]
            assert times == sorted(times, reverse=True)
            assert times[0] < parse_time(message["timestamp"])
            for trade in reversed(trades):
                assert list(trade) == ["product_id", "trade_id", "price", "size", "time", "side"]
                numbers[trade["product_id"]].append(int(trade["trade_id"]))
                maker = {"BUY": "bid", "SELL": "offer"}[trade["side"]]
                assert event["type"] == "snapshot" or (trade["product_id"], maker, trade["price"]) in changed
            assert event["type"] == "update" or len(trades) == 100
    for ids in numbers.values():
        assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert len(ids) > 120


def test_candles_are_buckets_of_five_minutes_oldest_first(messages: list[dict[str, Any]]) -> None:
    for event in of_channel(messages, "candles"):
        candles = event["candles"]
        starts = [int(candle["start"]) for candle in candles]
        assert starts == list(range(starts[0], starts[0] + 300 * len(candles), 300))
        assert starts[-1] * NANOSECONDS == parse_time("2026-11-21T17:00:00Z")
        assert len(candles) == (100 if event["type"] == "snapshot" else 1)
        for candle in candles:
            assert list(candle) == ["start", "high", "low", "open", "close", "volume", "product_id"]
            low, high = Decimal(candle["low"]), Decimal(candle["high"])
            assert low <= Decimal(candle["open"]) <= high
            assert low <= Decimal(candle["close"]) <= high
