"""States that are written down: what is read again is what was there, and whatever else is refused."""

from __future__ import annotations

import copy
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import venue_of
from feedrec.feeds.coinbase_advanced.book import Book
from feedrec.feeds.state.dumped_state import DumpedState, state_to_dump
from feedrec.feeds.venue import VenueFeed
from feedrec.model import FrameInfo

from ..coinbase_advanced import test_state as advanced
from ..coinbase_exchange import test_state as exchange

KEY = ("level2", "BTC-USD")
VENUES = ("coinbase-advanced", "coinbase-exchange")

prices = st.one_of(
    advanced.prices, st.sampled_from(["0.00000000000000012345", "100000000000000000.25", "1e-7", "2.50", "-1", "abc"])
)
quantities = st.one_of(advanced.quantities, st.sampled_from(["0.00000000", "0.5000000000000000000001", "1e400"]))


def advanced_frame(kind: str, levels: list[tuple[bool, str, str]], name: str) -> bytes:
    side = "ask" if name.endswith("9") else "offer"
    updates = [advanced.level("bid" if bid else side, price, quantity, name) for bid, price, quantity in levels]
    return advanced.book_frame(kind, updates, client_id=name)


def exchange_frame(kind: str, levels: list[tuple[bool, str, str]], name: str) -> bytes:
    if kind == "update":
        return exchange.update(*(("buy" if bid else "sell", *rest) for bid, *rest in levels), time=name)  # type: ignore[arg-type]
    bids, asks = ([rest for bid, *rest in levels if bid is side] for side in (True, False))
    return exchange.snapshot(asks, bids, time=name)


MAKERS = {"coinbase-advanced": advanced_frame, "coinbase-exchange": exchange_frame}

walks = st.lists(
    st.tuples(
        st.sampled_from(["snapshot", "update", "update"]),
        st.lists(st.tuples(st.booleans(), prices, quantities), max_size=20),
        st.integers(0, 99).map(lambda number: f"T{number}"),
    ),
    max_size=8,
)


def feed_of(name: str) -> VenueFeed:
    found = venue_of(name)
    assert found is not None
    return found


def state_of(name: str) -> DumpedState:
    state = state_to_dump(feed_of(name), [KEY])
    assert state is not None
    return state


def take(state: DumpedState, name: str, walk: list[tuple[str, list[tuple[bool, str, str]], str]]) -> None:
    for kind, levels, time in [("snapshot", [], "T0"), *walk]:
        payload = MAKERS[name](kind, levels, time)
        state.apply(feed_of(name).describe(payload), payload)


def on_from(name: str, state: DumpedState, walk: list[tuple[str, list[tuple[bool, str, str]], str]]) -> bytes | None:
    for kind, levels, time in walk:
        payload = MAKERS[name](kind, levels, time)
        state.apply(feed_of(name).describe(payload), payload)
    return state.snapshot(*KEY, 7)


@pytest.mark.parametrize("name", VENUES)
@given(before=walks, after=walks)
def test_what_was_dumped_goes_on_as_if_everything_had_been_read(
    name: str,
    before: list[tuple[str, list[tuple[bool, str, str]], str]],
    after: list[tuple[str, list[tuple[bool, str, str]], str]],
) -> None:
    state, other = state_of(name), state_of(name)
    take(state, name, before)
    dumped = state.dump(*KEY)
    assert dumped is not None
    other.load(*KEY, dumped)
    assert other.dump(*KEY) == dumped
    assert other.snapshot(*KEY, 7) == state.snapshot(*KEY, 7)
    assert on_from(name, other, after) == on_from(name, state, after)


@pytest.mark.parametrize("name", VENUES)
@given(
    data=st.one_of(
        st.binary(),
        st.recursive(st.none() | st.text() | st.integers(-9, 9) | st.binary(), st.lists).map(msgspec.msgpack.encode),
    )
)
def test_anything_else_is_refused_and_nothing_else_is_raised(name: str, data: bytes) -> None:
    state = state_of(name)
    take(state, name, [])
    before = state.dump(*KEY)
    with pytest.raises(ValueError, match="not a book"):
        state.load(*KEY, data)
    assert state.dump(*KEY) == before


@pytest.mark.parametrize("name", VENUES)
def test_the_book_of_another_product_is_refused(name: str) -> None:
    state = state_of(name)
    take(state, name, [])
    dumped = state.dump(*KEY)
    assert dumped is not None
    with pytest.raises(ValueError, match="a book of BTC-USD, not of ETH-USD"):
        state.load("level2", "ETH-USD", dumped)


def test_a_price_without_a_quantity_and_a_client_that_is_no_json_are_refused() -> None:
    state = state_of("coinbase-advanced")
    with pytest.raises(ValueError, match="1 prices, but 0 quantities"):
        state.load(*KEY, msgspec.msgpack.encode(["BTC-USD", "offer", "", b"", [["1"], [], [], []]]))
    with pytest.raises(ValueError, match="not a book"):
        state.load(*KEY, msgspec.msgpack.encode(["BTC-USD", "offer", "", b'"},{', [[], [], [], []]]))


def test_levels_that_are_no_numbers_or_have_no_quantity_are_left_out() -> None:
    levels = [["1", "abc", "2", "1e999"], ["0", "1", "3", "1"], [], []]
    book = Book.load("BTC-USD", msgspec.msgpack.encode(["BTC-USD", "offer", "", b"", levels]))
    assert book.best_bids() == [("2", "3")]


def test_only_books_are_written_down_never_what_is_private() -> None:
    state = state_to_dump(feed_of("coinbase-advanced-user"), None)
    assert state is not None
    payload = b'{"channel":"user","sequence_num":0,"events":[{"type":"snapshot","orders":[{"order_id":"1"}]}]}'
    state.apply(FrameInfo("user", (), 0, "snapshot"), payload)
    assert list(state.keys()) == [("user", "")]
    assert state.dump("user", "") is None
    with pytest.raises(ValueError, match="user is not written down"):
        state.load("user", "", b"")


def test_a_feed_that_writes_nothing_down_or_keeps_nothing_has_no_such_state() -> None:
    assert state_to_dump(feed_of("coinmarketcap"), None) is None
    assert state_to_dump(feed_of("coinbase-advanced"), [("new", "")]) is None


class FourMethods:
    """The state of a plug-in that knows of nothing else."""

    def apply(self, info: FrameInfo, payload: bytes) -> None: ...

    def keys(self) -> list[tuple[str, str]]:
        return []

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None: ...

    def copy(self) -> FourMethods:
        return self


def test_a_plug_in_without_dump_and_load_has_no_such_state(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = copy.copy(feed_of("coinbase-advanced"))
    monkeypatch.setattr(feed, "state", lambda _: cast(DumpedState, FourMethods()))
    assert state_to_dump(feed, None) is None
