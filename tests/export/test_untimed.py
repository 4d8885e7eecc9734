"""Snapshots without a time of the venue get one, and nothing changes its place."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from feedrec.export.continuity import Gap
from feedrec.export.untimed import Item, with_times
from feedrec.feeds.market.told import BookChanges, Ticker, Trades
from feedrec.model import NANOSECONDS


def book(product: str, time: int, *, is_snapshot: bool = False) -> BookChanges:
    return BookChanges(product, time, is_snapshot, [], [], [])


def times(*items: tuple[int, BookChanges]) -> list[int]:
    told = [one.told for one in with_times(Item(time, changes) for time, changes in items)]
    return [one.time for one in told if isinstance(one, BookChanges)]


def test_a_snapshot_has_the_time_at_which_it_was_received() -> None:
    assert times((50, book("A", 0, is_snapshot=True))) == [50]
    assert times((50, book("A", 0, is_snapshot=True)), (60, book("A", 55))) == [50, 55]


def test_it_was_made_before_the_next_change_of_its_product() -> None:
    others = (51, book("B", 45)), (52, book("B", 0, is_snapshot=True))
    assert times((50, book("A", 0, is_snapshot=True)), *others, (60, book("A", 40)), (70, book("A", 60))) == [
        40,
        45,
        52,
        40,
        60,
    ]


def test_a_snapshot_with_a_time_keeps_it() -> None:
    assert times((50, book("A", 48, is_snapshot=True)), (60, book("A", 40))) == [48, 40]


def test_a_ticker_without_a_time_has_that_at_which_it_was_received() -> None:
    assert list(with_times([Item(5, Ticker("A", 0))])) == [Item(5, Ticker("A", 5))]


def test_nothing_waits_longer_than_seconds() -> None:
    taken: list[Item] = []

    def items() -> Iterator[Item]:
        yield Item(1, book("A", 0, is_snapshot=True))
        yield Item(2, book("B", 2))
        yield Item(3, book("B", 3))
        yield Item(7 * NANOSECONDS, book("B", 4))
        assert len(taken) == 4, "they were told as the last one came"
        yield Item(8 * NANOSECONDS, book("A", 1))

    taken.extend(with_times(items()))
    assert [one.told.time for one in taken if isinstance(one.told, BookChanges)] == [1, 2, 3, 4, 1]


def test_no_more_waits_than_fits_the_memory() -> None:
    taken: list[Item] = []
    many = ["1"] * 200_000

    def items() -> Iterator[Item]:
        for number in range(3):
            snapshot = BookChanges(str(number), 0, True, [True] * len(many), many, many)
            assert not taken
            yield Item(number + 1, snapshot)
        assert len(taken) == 3
        yield Item(4, book("0", 1))

    taken.extend(with_times(items()))
    assert [one.told.time for one in taken if isinstance(one.told, BookChanges)] == [1, 2, 3, 1]


kinds = st.one_of(
    st.builds(book, st.sampled_from("AB"), st.integers(0, 3), is_snapshot=st.booleans()),
    st.builds(
        Trades,
        st.just("A"),
        st.just(False),
        st.just(["1"]),
        st.just([1]),
        st.just([True]),
        st.just(["1"]),
        st.just(["1"]),
    ),
    st.just(Gap("A", "book", "gap", 1, 2)),
)


@given(st.lists(st.tuples(st.integers(1, 20 * NANOSECONDS), kinds)))
def test_everything_is_told_once_in_its_order(found: list[tuple[int, BookChanges | Trades | Gap]]) -> None:
    items = [Item(time, told) for time, told in sorted(found, key=lambda one: one[0])]
    given_back = list(with_times(items))
    assert [one.time for one in given_back] == [one.time for one in items]
    for before, after in zip(items, given_back, strict=True):
        if isinstance(before.told, BookChanges) and before.told.time == 0:
            assert isinstance(after.told, BookChanges)
            assert 0 < after.told.time <= after.time
        else:
            assert after == before
