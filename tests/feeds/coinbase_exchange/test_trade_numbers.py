"""The two numbers of a trade of Coinbase Exchange agree with those of others, or it is told which do not."""

from __future__ import annotations

import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.checking import Finding
from feedrec.feeds.coinbase_exchange.frames import describe
from feedrec.feeds.coinbase_exchange.trade_numbers import TradeNumbers

from ...shared import SHARED

CAPTURE = SHARED / "samples" / "exchange_2021-04-17.frames.jsonl.zst"


def take(check: TradeNumbers, sequence: int, trade: int, kind: str = "match", product: str = "A-B") -> list[Finding]:
    payload = json.dumps({"type": kind, "product_id": product, "sequence": sequence, "trade_id": trade}).encode()
    return list(check.take(0, describe(payload), payload))


def test_a_trade_with_a_higher_sequence_and_a_lower_id_contradicts_the_one_before() -> None:
    check = TradeNumbers()
    assert take(check, 100, 7) == []
    assert take(check, 100, 7, "ticker") == []
    assert take(check, 5, 900, product="C-D") == []
    (found,) = take(check, 120, 6)
    assert found.event == "contradiction"
    assert found.details == {
        "channel": "matches",
        "product": "A-B",
        "sequence": 120,
        "trade_id": 6,
        "other": {"sequence": 100, "trade_id": 7},
    }
    assert found.text == (
        "the numbers of matches A-B contradict each other: trade 6 has the sequence 120, but trade 7 has 100"
    )


@pytest.mark.parametrize(("sequence", "trade"), [(100, 8), (101, 7), (99, 7), (99, 8)])
def test_one_sequence_has_one_trade_and_one_trade_one_sequence(sequence: int, trade: int) -> None:
    check = TradeNumbers()
    take(check, 100, 7)
    assert len(take(check, sequence, trade)) == 1


def test_frames_that_come_late_and_counts_that_begin_anew_contradict_nothing() -> None:
    check = TradeNumbers()
    for numbers in ((5_000_000, 7_000_000), (4_999_990, 6_999_999), (5_000_001, 7_000_001), (3, 9), (4, 10)):
        assert take(check, *numbers) == []
    payload = b'{"type":"l2update","product_id":"A-B","sequence":1}'
    assert list(check.take(0, describe(payload), payload)) == []


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30, unique=True), st.randoms())
def test_whatever_order_trades_of_one_product_come_in_they_agree(steps: list[int], random: object) -> None:
    check, trades = TradeNumbers(), [(1000 + step, 10 + number) for number, step in enumerate(sorted(steps))]
    random.shuffle(trades)  # type: ignore[attr-defined]
    assert [found for numbers in trades for found in take(check, *numbers)] == []


@pytest.mark.skipif(not CAPTURE.exists(), reason="needs the real captures in ../shared")
def test_in_a_real_capture_all_numbers_agree() -> None:
    check, judged = TradeNumbers(), 0
    with CAPTURE.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    for line in text.splitlines():
        payload = json.loads(line)["data"].encode()
        if payload.startswith(b"{"):
            info = describe(payload)
            assert list(check.take(0, info, payload)) == []
            judged += info.channel in check.channels
    assert judged == 214
