"""Two recordings are of one feed if the same was asked for at the same endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from feedrec.model import Header
from feedrec.recorder.keeping.feed_key import key_of

LEVEL2 = {"channel": "level2", "products": ["A", "B"]}


def header(*subscriptions: dict[str, Any], endpoint: str = "raw", **extra: Any) -> Header:
    return Header(endpoint, "wss://x", 7, "feedrec", list(subscriptions), extra)


@pytest.mark.parametrize(
    "same",
    [
        header({"channel": "level2", "products": ["B", "A"]}, {"channel": "status"}),
        header({"channel": "status"}, LEVEL2, part=7),
        Header("raw", "wss://other", 8, "feedrec 9", [LEVEL2, {"channel": "status", "products": []}]),
    ],
)
def test_neither_order_nor_run_nor_address_matters(same: Header) -> None:
    assert key_of(same) == key_of(header(LEVEL2, {"channel": "status"}))


@pytest.mark.parametrize(
    "other",
    [
        header(LEVEL2, endpoint="coinbase-exchange"),
        header({"channel": "level2", "products": ["A"]}),
        header({"channel": "level2", "products": ["A", "B"], "params": {"depth": 5}}),
        header({"channel": "ticker", "products": ["A", "B"]}),
        header(LEVEL2, {"channel": "status"}),
        header(),
        header({"products": 7, "channel": None}),
    ],
)
def test_what_was_asked_for_does(other: Header) -> None:
    assert key_of(other) != key_of(header(LEVEL2))


def test_a_pattern_stands_for_whatever_it_selects() -> None:
    """A venue lists other products tomorrow."""
    asked = [{"channel": "level2", "products": ["*-USD"]}]
    today = header(LEVEL2, {"channel": "status"}, patterns=asked)
    tomorrow = header({"channel": "level2", "products": ["A", "C"]}, {"channel": "status"}, patterns=asked)
    assert key_of(today) == key_of(tomorrow) != key_of(header(LEVEL2, {"channel": "status"}))
    assert key_of(header(LEVEL2, patterns=7)) == key_of(header(LEVEL2, patterns=[7])) == key_of(header(LEVEL2))
