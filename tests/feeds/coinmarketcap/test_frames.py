"""What CoinMarketCap's frames are, told of every documented one and of whatever else may come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinmarketcap.channels import PARAMS
from feedrec.feeds.coinmarketcap.frames import PushInfo, describe
from feedrec.model import FrameInfo

from ...shared import SHARED

SAMPLES = SHARED / "samples" / "cmc_frames.jsonl"
TOKEN = "14:0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"


def samples() -> Iterator[tuple[str, Any]]:
    if not SAMPLES.exists():
        pytest.skip(f"{SAMPLES} is not there")
    for line in SAMPLES.read_text().splitlines():
        row = json.loads(line)
        yield row["origin"], row.get("frame") or row["data_only"]


def test_every_documented_frame_is_described() -> None:
    """In the order of the file: the pushes, then ack, both pongs, error."""
    described = [describe(frame.encode()) for _, frame in samples() if isinstance(frame, str)]

    def push(channel: str, product: str) -> FrameInfo:
        return FrameInfo(channel, (product,), None, "update", parses=True)

    def topic(channel: str, product: str, topic: str) -> FrameInfo:
        return PushInfo(channel, (product,), None, "update", parses=True, topic=topic)

    wallet = "16:6p6xgHyF7AeE6TZkSmFsko444wqoP15icUSqi2jfGiPN"
    assert described == [
        push("market@crypto_latest_price", "1"),
        push("onchain@token_agg_event", TOKEN),
        push("onchain@kline", f"{TOKEN}:1m"),
        push("onchain@unique_trader", f"{TOKEN}:1m"),
        push("onchain@transaction", TOKEN),
        push("onchain@liquidity_event", TOKEN),
        push("onchain@token_metric", TOKEN),
        push("onchain@pool_metric", "16:DJpdHs4wbm1XqRruM1NPHnSfpnSztUEeFW3bcaDEeg7H"),
        topic("onchain@holders_metrics", TOKEN, "tag_distribution"),
        topic("onchain@holder_wallet_update", wallet, "token_balance"),
        FrameInfo(kind="ack", parses=True),
        FrameInfo(kind="heartbeat", parses=True),
        FrameInfo(kind="heartbeat", parses=True),
        FrameInfo(kind="error", parses=True),
    ]


def test_real_data_in_the_documented_envelope_is_described() -> None:
    """Token metric, top share, liquidity and aggregated price, of which the sample has the data only."""
    channels = ("token_metric", "holders_metrics", "liquidity_event", "token_agg_event")
    data = [one for _, one in samples() if isinstance(one, dict)]
    for channel, one in zip((f"onchain@{name}" for name in channels), data, strict=True):
        params = {"platform_id": one["pid"], "address": one.get("a", one.get("t0a"))}
        frame = {"type": "data", "channel": channel, "params": params, "data": one, "ts": 1}
        info = describe(json.dumps(frame).encode())
        assert (info.channel, info.products) == (channel, ("14:0x0e09fabb73bd3ade0a17ecc321fd13a19e81ce82",))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"type":"welcome","ts":1,"ping_interval_ms":10000}', FrameInfo(kind="other", parses=True)),
        (b'{"type":"ack","id":1,"code":0,"channel":"onchain@kline"}', FrameInfo(kind="ack", parses=True)),
        (b'{"id":2,"code":0,"ts":1,"msg":"PONG"}', FrameInfo(kind="heartbeat", parses=True)),
        (b'{"type":"error","code":2401,"msg":"no"}', FrameInfo(kind="error", parses=True)),
        (b'{"type":"data","channel":"c","params":[],"data":3}', FrameInfo("c", kind="update", parses=True)),
        (b'{"type":"data","channel":"onchain@new","data":{}}', FrameInfo("onchain@new", kind="update", parses=True)),
        (b'{"type":"news","msg":"PONG"}', FrameInfo(kind="other", parses=True)),
        (b'{"type":"news"}', FrameInfo(kind="other", parses=True)),
        (b"[]", FrameInfo()),
        (b'{"type":3}', FrameInfo()),
        (b'{"type":', FrameInfo()),
        (b"", FrameInfo()),
    ],
)
def test_other_frames(payload: bytes, expected: FrameInfo) -> None:
    assert describe(payload) == expected


@given(st.binary())
def test_it_never_raises(payload: bytes) -> None:
    assert isinstance(describe(payload), FrameInfo)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(PARAMS)), JSON, JSON)
def test_a_push_of_any_shape_is_a_push_of_its_channel(channel: str, params: object, data: object) -> None:
    frame = {"type": "data", "channel": channel, "params": params, "data": data}
    info = describe(json.dumps(frame).encode())
    assert (info.channel, info.kind) == (channel, "update")
