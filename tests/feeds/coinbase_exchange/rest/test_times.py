"""The venue's time, to the millisecond."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.coinbase_exchange.rest.times import time_text
from feedrec.model import TIME_LIMIT, parse_time


def test_a_time_is_answered_as_the_venue_writes_it() -> None:
    """The answer that ccxt 4.5.90 has as its example."""
    assert time_text(parse_time("2020-05-12T08:00:51.504999Z")) == (
        b'{"iso":"2020-05-12T08:00:51.504Z","epoch":1589270451.504}'
    )


@pytest.mark.parametrize(("iso", "epoch"), [("51.500Z", b":1589270451.5}"), ("51.000Z", b":1589270451}")])
def test_the_decimals_of_epoch_end_as_those_of_a_number(iso: str, epoch: bytes) -> None:
    assert time_text(parse_time(f"2020-05-12T08:00:{iso}")).endswith(epoch)


@given(st.integers(0, TIME_LIMIT - 1))
def test_both_are_the_same_time(time: int) -> None:
    told = json.loads(time_text(time))
    milliseconds = time // 1_000_000
    assert parse_time(told["iso"]) == milliseconds * 1_000_000
    assert round(told["epoch"] * 1000) == milliseconds
