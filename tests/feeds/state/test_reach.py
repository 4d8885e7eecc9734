"""How far back the state of a market goes."""

from __future__ import annotations

import pytest

from feedrec.feeds import venue_of
from feedrec.feeds.state.reach import Reach, reaches_of
from feedrec.feeds.venue import Key

ADVANCED: list[Key] = [
    ("level2", "BTC-USD"),
    ("ticker", "BTC-USD"),
    ("ticker", "ETH-USD"),
    ("candles", "BTC-USD"),
    ("status", ""),
    ("subscriptions", ""),
]


@pytest.mark.parametrize(
    ("endpoint", "keys", "expected"),
    [
        (
            "coinbase-advanced",
            ADVANCED,
            [
                (("candles", "BTC-USD"), "snapshot or beginning"),
                (("level2", "BTC-USD"), "snapshot"),
                (("status", ""), "beginning"),
                (("ticker", "BTC-USD"), "frames"),
                (("ticker", "ETH-USD"), "frames"),
            ],
        ),
        ("coinbase-advanced", [], []),
    ],
)
def test_each_key_that_has_a_state_says_what_it_needs(
    endpoint: str, keys: list[Key], expected: list[tuple[Key, Reach]]
) -> None:
    feed = venue_of(endpoint)
    assert feed is not None
    assert reaches_of(feed, keys) == expected
