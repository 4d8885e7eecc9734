"""What the frames of Coinbase Advanced Trade are."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.base import Subscription
from feedrec.feeds.coinbase_advanced import FEED, CoinbaseAdvanced
from feedrec.feeds.coinbase_advanced.client import CoinbaseAdvancedClient
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, FrameInfo, FrameInfos, Kind

from ...shared import SHARED

SINGLE_FRAMES = SHARED / "samples" / "single_frames.jsonl"
LEVEL2 = Subscription("level2", ("BTC-USD", "ETH-USD"))


def frame(channel: str, sequence: int, *events: Any) -> bytes:
    fields = {"channel": channel, "timestamp": "2026-11-21T17:00:00.1Z", "sequence_num": sequence, "events": events}
    return json.dumps(fields, separators=(",", ":")).encode()


def ack(sequence: int, **accepted: list[str]) -> bytes:
    return frame("subscriptions", sequence, {"subscriptions": accepted})


def error(message: str) -> bytes:
    return json.dumps({"type": "error", "message": message}).encode()


def test_every_frame_of_the_real_capture_is_described(capture_frames: list[bytes]) -> None:
    infos = [FEED.describe(payload) for payload in capture_frames]
    assert [info.sequence for info in infos] == list(range(1030))
    assert Counter((info.channel, info.kind) for info in infos) == {
        ("level2", "snapshot"): 2,
        ("level2", "update"): 773,
        ("ticker", "snapshot"): 2,
        ("ticker", "update"): 158,
        ("market_trades", "snapshot"): 2,
        ("market_trades", "update"): 57,
        ("candles", "snapshot"): 2,
        ("candles", "update"): 4,
        ("heartbeats", "heartbeat"): 25,
        ("subscriptions", "ack"): 5,
    }


def test_the_products_of_the_real_capture_are_those_a_full_parse_finds(capture_frames: list[bytes]) -> None:
    for payload in capture_frames:
        if len(payload) > 1 << 20:  # the snapshots of level2: megabytes
            continue
        event = json.loads(payload)["events"][0]
        items = event.get("tickers") or event.get("trades") or event.get("candles") or [event]
        products = tuple(dict.fromkeys(item["product_id"] for item in items if "product_id" in item))
        assert FEED.describe(payload).products == products


def test_single_frames_of_the_live_venue_are_described() -> None:
    if not SINGLE_FRAMES.exists():
        pytest.skip(f"{SINGLE_FRAMES} is not there")
    rows = [json.loads(line) for line in SINGLE_FRAMES.read_text().splitlines()]
    payloads = [row["frame"].encode() for row in rows if row["endpoint"].startswith("advanced")]
    assert len(payloads) > 10
    for payload in payloads:
        fields = json.loads(payload)
        info = FEED.describe(payload)
        assert info.channel == fields.get("channel", "")
        assert info.sequence == fields.get("sequence_num")
        assert info.kind == ("error" if fields.get("type") == "error" else info.kind)
        assert info.kind != "other"


TRADE = {"trade_id": "1", "price": "2", "size": "3", "side": "BUY"}


@pytest.mark.parametrize(
    ("payload", "channel", "products", "kind"),
    [
        (frame("l2_data", 4, {"type": "snapshot", "product_id": "A", "updates": []}), "level2", ("A",), "snapshot"),
        (frame("l2_data", 4, {"type": "update", "product_id": "A", "updates": []}), "level2", ("A",), "update"),
        (frame("ticker", 4, {"type": "update", "tickers": [{"product_id": "A"}]}), "ticker", ("A",), "update"),
        (
            frame("ticker_batch", 4, {"type": "update", "tickers": [{"product_id": "A"}, {"product_id": "B"}]}),
            "ticker_batch",
            ("A", "B"),
            "update",
        ),
        (
            frame("market_trades", 4, {"type": "update", "trades": [{"product_id": "A"} | TRADE] * 3}),
            "market_trades",
            ("A",),
            "update",
        ),
        (frame("candles", 4, {"type": "snapshot", "candles": [{"product_id": "A"}]}), "candles", ("A",), "snapshot"),
        (frame("status", 4, {"type": "snapshot", "products": [{"id": "A"}]}), "status", ("A",), "snapshot"),
        (frame("heartbeats", 4, {"current_time": "x", "heartbeat_counter": 5}), "heartbeats", (), "heartbeat"),
        (frame("heartbeats", 4, {"current_time": "x", "heartbeat_counter": "5"}), "heartbeats", (), "heartbeat"),
        (ack(4, level2=["A"]), "subscriptions", (), "ack"),
        (frame("user", 4, {"type": "snapshot", "orders": [], "positions": {}}), "user", (), "snapshot"),
        (frame("something_new", 4, {"type": "news", "items": []}), "something_new", (), "other"),
        (
            frame("candles", 4, *({"type": "update", "candles": [{"product_id": one}]} for one in "ABA")),
            "candles",
            ("A", "B"),
            "update",
        ),
        (frame("ticker", 4), "ticker", (), "other"),
    ],
)
def test_a_frame_is_told_by_channel_products_sequence_and_kind(
    payload: bytes, channel: str, products: tuple[str, ...], kind: Kind
) -> None:
    assert FEED.describe(payload) == FrameInfo(channel, products, 4, kind, parses=True)


def test_an_error_has_neither_channel_nor_sequence() -> None:
    assert FEED.describe(error("failure to subscribe")) == FrameInfo(kind="error", parses=True)


@pytest.mark.parametrize("events", [None, [{"trades": None}], [{"type": 5}], [5], "none", [{"product_id": ["A"]}]])
def test_events_of_an_unknown_shape_leave_channel_and_sequence(events: Any) -> None:
    payload = json.dumps({"channel": "market_trades", "sequence_num": 7, "events": events}).encode()
    assert FEED.describe(payload) == FrameInfo("market_trades", sequence=7, parses=True)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("7", 7), (7.0, 7), ("07", 7), (7.5, None), ("x", None), ([7], None), (True, None), (1e300, None)],
)
def test_a_number_written_otherwise_changes_nothing_else(number: Any, expected: int | None) -> None:
    event = {"type": "update", "tickers": [{"product_id": "A"}]}
    payload = json.dumps({"channel": "ticker", "sequence_num": number, "events": [event]}).encode()
    assert FEED.describe(payload) == FrameInfo("ticker", ("A",), expected, "update", parses=True)
    assert FEED.describe(payload.replace(b"[{", b"[5,{")) == FrameInfo("ticker", (), expected, "other", parses=True)


def test_a_message_of_an_unknown_type_may_have_a_number() -> None:
    assert FEED.describe(b'{"type":"news","sequence_num":7}') == FrameInfo("", (), 7, parses=True)


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"{", b"[]", b"5", b'{"channel":"\xff"}', b'{"channel":5}', b"[" * 100_000]
)
def test_what_is_no_frame_of_the_venue_is_described_as_nothing(payload: bytes) -> None:
    assert FEED.describe(payload) == FrameInfo()


@st.composite
def broken_frames(draw: st.DrawFn) -> bytes:
    """Make a frame with a few of its bytes replaced."""
    good = [ack(1, level2=["A"]), error("x"), frame("l2_data", 2, {"type": "update", "product_id": "A"})]
    payload = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(payload)))
        payload[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=2))
    return bytes(payload)


def some_frames() -> st.SearchStrategy[bytes]:
    ticker = st.builds(lambda product: {"type": "update", "tickers": [{"product_id": product}]}, st.sampled_from("AB"))
    level2 = st.builds(
        lambda kind, product: {"type": kind, "product_id": product, "updates": [{"side": "bid"}]},
        st.sampled_from(["snapshot", "update"]),
        st.sampled_from("AB"),
    )
    number = st.integers(0, 3) | st.sampled_from([None, 4.0, "5", 2**70])
    made = st.builds(frame, st.sampled_from(["ticker", "l2_data", ""]), number, ticker | level2)
    return made | st.sampled_from([error("no"), ack(7, ticker=["A"]), b"{}", b"[1]"])


@given(st.lists(some_frames()) | st.lists(some_frames() | broken_frames() | st.binary()))
def test_frames_described_together_are_described_as_one_by_one(payloads: list[bytes]) -> None:
    infos, expected = FEED.describe_all(payloads), list(map(FEED.describe, payloads))
    assert list(infos) == expected
    assert [infos[place] for place in range(len(infos))] == expected
    assert list(infos[1:-1]) == expected[1:-1]


def test_a_feed_that_inherits_this_one_describes_frames_together_as_one_by_one() -> None:
    class Other(CoinbaseAdvanced):
        @staticmethod
        def describe(payload: bytes) -> FrameInfo:
            return FrameInfo("other", sequence=len(payload))

    feed = Other("other", "wss://other")
    assert list(feed.describe_all([b"{}", b"[1]"])) == [FrameInfo("other", sequence=2), FrameInfo("other", sequence=3)]


def test_frames_that_differ_in_their_number_alone_are_looked_at_once() -> None:
    infos = FEED.describe_all([frame("ticker", number, {"type": "update"}) for number in range(50)])
    assert isinstance(infos, FrameInfos)
    assert (infos.kinds, infos.sequences) == ([FrameInfo("ticker", (), None, "update", parses=True)], list(range(50)))


@given(st.binary() | broken_frames())
def test_no_bytes_make_describe_or_the_client_raise(payload: bytes) -> None:
    info = FEED.describe(payload)
    assert isinstance(info, FrameInfo)
    client = CoinbaseAdvancedClient([LEVEL2])
    for kind in ("ack", "error", info.kind):
        client.on_frame(FrameInfo(info.channel, info.products, info.sequence, kind), payload)


@given(st.binary() | broken_frames())
def test_what_describe_found_to_parse_needs_no_second_look_to_be_written(payload: bytes) -> None:
    one = Frame(0, 0, payload)
    assert encode_frame(one, parses=FEED.describe(payload).parses) == encode_frame(one)
