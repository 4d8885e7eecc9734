"""A book that is followed is the one that is looked up, wherever the moments lead."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.replay.books import following
from feedrec.replay.books.following import BookFollower
from feedrec.replay.books.indexed import by_index
from feedrec.replay.books.moments import book_of
from feedrec.replay.books.sources import BookSource, End

from .making import event, record, second, told


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> BookSource:
    lines = [told(0.5 * n, n, "update" if n % 50 else "snapshot", f"b1={n + 1} a2=1") for n in range(400)]
    lines.insert(120, event(59.9, "gap", missing=1))  # type: ignore[arg-type]
    path = record(tmp_path_factory.mktemp("following") / "x.jsonl.zst", lines, block_size=3000)
    return BookSource([path], None)


@given(st.lists(st.integers(-5, 230), min_size=1, max_size=12))
def test_it_is_the_book_that_is_looked_up(source: BookSource, moments: list[int]) -> None:
    with closing(BookFollower(source, 5)) as follower:
        for moment in moments:
            found, expected = follower.book_at(second(moment)), book_of(source, second(moment), 5)
            assert (found.time, found.unknown) == (expected.time, expected.unknown)
            assert (found.bids, found.asks, found.ask_levels) == (expected.bids, expected.asks, expected.ask_levels)


def test_the_next_moment_takes_no_look_up(source: BookSource, monkeypatch: pytest.MonkeyPatch) -> None:
    look_up, looked = by_index, list[int]()

    def noted(its: BookSource, time: int) -> object:
        looked.append(time)
        return look_up(its, time)

    monkeypatch.setattr(following, "by_index", noted)
    with closing(BookFollower(source, 5)) as follower:
        for moment in (10, 10, 11, 40, 39, 180):
            follower.book_at(second(moment))
    assert looked == [second(10), second(39), second(180)]


def test_of_a_recording_that_grows_the_end_is_looked_at_again_but_not_all_the_time(tmp_path: Path) -> None:
    path = record(tmp_path / "x.jsonl.zst", [told(0, 0, "snapshot", "b1=1 a2=1")], is_cut=True)
    source, now = BookSource([path], None), 0
    source.ends = [End(second(0), second(0), is_live=True)]
    with closing(BookFollower(source, 5, lambda: now)) as follower:
        assert follower.book_at(second(5)).bids == [("1", "1")]
        record(path, [told(0, 0, "snapshot", "b1=1 a2=1"), told(1, 1, "update", "b1=7")], is_cut=True)
        assert follower.book_at(second(6)).bids == [("1", "1")]
        now = 10**9
        assert follower.book_at(second(7)).bids == [("1", "7")]
