"""Coinbase Exchange: what a frame is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.frames import TradeInfo, describe, own_time, venue_time
from feedrec.model import FrameInfo, parse_time

from ...shared import SHARED

SAMPLES = SHARED / "samples"


def payload(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, **fields}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("kind", "channel", "what"),
    [
        ("received", "full", "update"),
        ("open", "full", "update"),
        ("done", "full", "update"),
        ("change", "full", "update"),
        ("activate", "full", "update"),
        ("match", "matches", "update"),
        ("last_match", "matches", "snapshot"),
        ("ticker", "ticker", "update"),
        ("snapshot", "level2", "snapshot"),
        ("l2update", "level2", "update"),
        ("heartbeat", "heartbeat", "heartbeat"),
        ("auction", "auctionfeed", "update"),
        ("rfq_match", "rfq_matches", "update"),
        ("subscriptions", "subscriptions", "ack"),
        ("error", "", "error"),
        ("xyzzy", "", "other"),
    ],
)
def test_a_type_tells_channel_and_kind(kind: str, channel: str, what: str) -> None:
    info = describe(payload(kind, product_id="BTC-USD", sequence=7))
    assert (info.channel, info.products, info.sequence, info.kind) == (channel, ("BTC-USD",), 7, what)
    assert info.parses


def test_the_type_need_not_come_first() -> None:
    frame = (  # real, 2022-06-01
        b'{"price":"31572.35","order_id":"5816ff12-61fc-4ab0-877a-fdf88544a4ee","remaining_size":"0.23","type":"open",'
        b'"side":"sell","product_id":"BTC-USD","time":"2022-06-01T08:32:21.469151Z","sequence":38292760991}'
    )
    assert describe(frame) == FrameInfo("full", ("BTC-USD",), 38292760991, "update", parses=True)


def test_a_match_tells_its_trade_and_a_heartbeat_the_last_one() -> None:
    match = describe(payload("match", trade_id=30, sequence=50, product_id="BTC-USD"))
    assert match == TradeInfo("matches", ("BTC-USD",), 50, "update", parses=True, trade_id=30)
    beat = describe(payload("heartbeat", last_trade_id=20, sequence=90, product_id="BTC-USD"))
    assert beat == TradeInfo("heartbeat", ("BTC-USD",), 90, "heartbeat", parses=True, trade_id=20)


@pytest.mark.parametrize("own", [{"user_id": "12"}, {"user_id": 12}, {"profile_id": "30000727"}])
def test_what_names_the_user_is_of_the_user_channel(own: dict[str, Any]) -> None:
    assert describe(payload("open", product_id="BTC-USD", sequence=3, **own)).channel == "user"
    match = describe(payload("match", product_id="BTC-USD", sequence=3, trade_id=9, **own))
    assert isinstance(match, TradeInfo)
    assert (match.channel, match.sequence, match.trade_id) == ("user", 3, 9)


def test_rows_of_level3_carry_product_and_sequence_as_texts() -> None:
    row = b' ["open","BTC-USD","57560479456","12aca6e0-7400","buy","27268.09","0.02","2023-03-28T23:24:03.185394Z"]'
    expected = FrameInfo("level3", ("BTC-USD",), 57560479456, "update", parses=True)
    assert describe(row) == describe(row.strip()) == expected
    assert describe(b'["noop","BTC-USD","12345678901234567890123","t"]').sequence is None


def test_the_schema_of_level3_is_of_no_product() -> None:
    schema = payload("level3", schema={"open": ["type", "product_id", "sequence"]})
    assert describe(schema) == FrameInfo("level3", (), None, "other", parses=True)


def test_an_account_stands_in_place_of_a_product() -> None:
    assert describe(payload("balance", account_id="d50ec984", currency="USD")).products == ("d50ec984",)


def test_fields_of_another_kind_leave_what_the_type_tells() -> None:
    assert describe(payload("open", product_id=7)) == FrameInfo("full", (), None, "update", parses=True)


@given(st.one_of(st.binary(), st.text().map(str.encode), st.from_regex(r"\[.*", fullmatch=True).map(str.encode)))
def test_whatever_arrives_is_described(anything: bytes) -> None:
    assert isinstance(describe(anything), FrameInfo)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["type", "product_id", "sequence"]), inner),
    )
)
def test_any_json_is_described_and_what_parses_does_parse(value: Any) -> None:
    text = json.dumps(value).encode()
    assert isinstance(describe(text), FrameInfo)
    if describe(text[:-1]).parses:
        json.loads(text[:-1])


def test_every_documented_frame_has_its_channel() -> None:
    path = SAMPLES / "exchange_docs_frames.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    frames = path.read_bytes().splitlines()
    found = [(info.channel, info.products, info.sequence) for info in map(describe, frames)]
    assert found == [
        ("heartbeat", ("BTC-USD",), 90),
        ("auctionfeed", ("LTC-USD",), 3262786978),
        ("rfq_matches", ("BTC-USD",), None),
        ("ticker", ("ETH-USD",), 37475248783),
        ("full", ("BTC-USD",), 10),
        ("full", ("BTC-USD",), 12),
        ("full", ("BTC-USD",), 10),
        ("full", ("BTC-USD",), 10),
        ("matches", ("BTC-USD",), 50),
        ("full", ("BTC-USD",), 80),
        ("full", ("ETH-USD",), 24753),
        ("user", ("test-product",), None),  # it names the user, and says that it is private
        ("level2", ("BTC-USD",), None),
        ("level2", ("BTC-USD",), None),
        ("level2", ("BTC-USD",), None),
        ("level3", (), None),
        ("level3", ("BTC-USD",), 57560479456),
        ("balance", ("d50ec984-77a8-460a-b958-66f114b0de9b",), None),
        ("status", (), None),
    ]
    assert {channel for channel, *_ in found} <= set(FEEDS["coinbase-exchange"].channels)


def test_every_real_frame_has_its_channel() -> None:
    path = SAMPLES / "single_frames.jsonl"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    infos = [describe(row["frame"].encode()) for row in rows if row["endpoint"].startswith("exchange")]
    assert len(infos) == 16
    assert all(info.parses and (info.kind in {"ack", "error"} or (info.channel and info.products)) for info in infos)


def test_times_have_six_decimals() -> None:
    assert venue_time(parse_time("2026-09-30T02:03:13Z")) == "2026-09-30T02:03:13.000000Z"
    assert venue_time(parse_time("2026-09-30T02:03:12.699555999Z")) == "2026-09-30T02:03:12.699555Z"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"type":"heartbeat","time":"2026-09-30T02:03:13.000000Z"}', "2026-09-30T02:03:13Z"),
        (b'{"type":"subscriptions","channels":[]}', None),
        (b'{"type":"ticker","time":"soon"}', None),
        (b'{"type":"ticker","time":5}', None),
        (b"[1]", None),
        (b"", None),
    ],
)
def test_the_time_that_a_frame_names_is_that_of_the_key(payload: bytes, expected: str | None) -> None:
    assert own_time(payload) == (None if expected is None else parse_time(expected))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "open", "sequence": "5"}, FrameInfo("full", ("A-B",), 5, "update", parses=True)),
        ({"type": "open", "sequence": 5.0, "user_id": ["x"]}, FrameInfo("user", ("A-B",), 5, "update", parses=True)),
        ({"type": "match", "trade_id": "7"}, TradeInfo("matches", ("A-B",), None, "update", parses=True, trade_id=7)),
        ({"type": "ticker", "sequence": []}, FrameInfo("ticker", ("A-B",), None, "update", parses=True)),
        ({"type": "ticker", "product_id": 5}, FrameInfo("ticker", (), None, "update", parses=True)),
    ],
)
def test_fields_of_other_types_change_nothing_else(fields: dict[str, Any], expected: FrameInfo) -> None:
    assert describe(json.dumps({"product_id": "A-B", **fields}).encode()) == expected
