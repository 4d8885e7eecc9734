"""From which known state rebuilding goes on."""

from __future__ import annotations

from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.replay.venue.start import RecentStates, Start

KEYS = [("ticker", "A")]
TICKER = b'{"channel":"ticker","sequence_num":1,"events":[{"type":"update","tickers":[{"product_id":"A"}]}]}'


def test_a_state_is_known_from_its_place_on_and_for_what_it_keeps() -> None:
    recent = RecentStates()
    recent.keep(KEYS, Start((3, 5), MarketState(KEYS)))
    assert recent.latest(KEYS, (3, 4)) is None
    assert recent.latest([("ticker", "B")], (3, 5)) is None
    known = recent.latest(KEYS, (4, 5))
    assert known is not None
    assert known.place == (3, 5)


def test_whoever_goes_on_with_a_state_does_not_change_it() -> None:
    recent = RecentStates()
    recent.keep(KEYS, Start((1,), MarketState(KEYS)))
    known = recent.latest(KEYS, (1,))
    assert known is not None
    known.state.apply(FEED.describe(TICKER), TICKER)
    again = recent.latest(KEYS, (1,))
    assert again is not None
    assert list(known.state.keys()) == KEYS
    assert list(again.state.keys()) == []


def test_only_the_last_few_are_kept() -> None:
    recent = RecentStates()
    for number in range(9):
        recent.keep([("ticker", str(number))], Start((1,), MarketState()))
    assert recent.latest([("ticker", "0")], (1,)) is None
    assert recent.latest([("ticker", "1")], (1,)) is not None
