"""State by channel and product, as a plug-in would stand on it."""

from __future__ import annotations

from feedrec.feeds.state.keyed_state import KeyedState, LastFrame
from feedrec.feeds.venue import FeedState
from feedrec.model import FrameInfo


class LastTrades(KeyedState):
    """The last trade of each symbol."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        for product in info.products:
            if self.keeps(info.channel, product):
                self.values[info.channel, product] = LastFrame(payload)


def trade(symbol: str) -> FrameInfo:
    return FrameInfo("trades", (symbol,), kind="update")


def test_a_state_of_ten_lines_is_a_feed_state() -> None:
    state: FeedState = LastTrades()
    assert list(state.keys()) == []
    state.apply(trade("ANVIL"), b"1")
    state.apply(trade("ROCKET"), b"2")
    state.apply(trade("ANVIL"), b"3")
    assert list(state.keys()) == [("trades", "ANVIL"), ("trades", "ROCKET")]
    assert state.snapshot("trades", "ANVIL", 7) == b"3"
    assert state.snapshot("trades", "FEATHER", 7) is None


def test_only_what_is_wanted_is_kept() -> None:
    state = LastTrades([("trades", "ROCKET")])
    for symbol in ("ANVIL", "ROCKET"):
        state.apply(trade(symbol), b"1")
    assert state.keys() == [("trades", "ROCKET")]


def test_a_copy_goes_its_own_way_and_wants_the_same() -> None:
    state = LastTrades([("trades", "ANVIL")])
    state.apply(trade("ANVIL"), b"1")
    copy = state.copy()
    copy.apply(trade("ANVIL"), b"2")
    copy.apply(trade("ROCKET"), b"2")
    assert state.snapshot("trades", "ANVIL", 7) == b"1"
    assert copy.snapshot("trades", "ANVIL", 7) == b"2"
    assert copy.keys() == [("trades", "ANVIL")]
