"""States that go on from one position to the next, against those that are rebuilt for each."""

from __future__ import annotations

import functools
import threading
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds.venue import FeedState, Key
from feedrec.replay.rest.derived import following
from feedrec.replay.rest.derived.following import Following
from feedrec.replay.venue.position import Position, position_in
from feedrec.replay.venue.rebuild import Rebuilder

from .test_market import CATALOGUE, NEVER, NOW, batches, feed, paths, timeline, write

__all__ = ["paths"]

KEYS = frozenset((channel, product) for channel, products in CATALOGUE.items() for product in products)


def position_of(number: int, path: Path) -> Position:
    """Give the position after so many frames."""
    for batch in batches(path):
        if number <= len(batch.frames):
            return position_in(batch, number, NOW)
        number -= len(batch.frames)
    return Position(batches(path)[-1].end, [], NOW)


class Counting(Rebuilder):
    """Counts what is rebuilt."""

    rebuilt = 0

    def states(self, wanted: frozenset[Key], position: Position, stopped: threading.Event) -> list[FeedState]:
        self.rebuilt += len(wanted)
        return list(super().states(wanted, position, stopped))


@functools.cache
def small(folder: Path) -> Path:
    """Record the first 700 frames of the demo, in small blocks."""
    return write(folder / "small.jsonl.zst", [frame for batch in batches() for frame in batch.frames][:700])


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small(tmp_path_factory.mktemp("following"))


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 720), st.frozensets(st.sampled_from(sorted(KEYS)), min_size=1)), min_size=1, max_size=8
    ),
    most=st.sampled_from([0, 100, 2_000]),
)
@settings(max_examples=30)
def test_they_are_those_that_would_be_rebuilt(path: Path, steps: list[tuple[int, frozenset[Key]]], most: int) -> None:
    """Whether positions go on or back, by however much, and whatever is wanted besides."""
    its = timeline(path)
    goes_on = Following(its, feed(), Rebuilder(its, feed()))
    with patch.object(following, "_MOST_LINES", most):
        for number, wanted in steps:
            position = position_of(number, path)
            expected = Rebuilder(its, feed()).snapshots(wanted, position, NEVER)
            assert goes_on.snapshots(wanted, position, NEVER) == expected


def test_what_was_known_goes_on_and_is_not_rebuilt(path: Path) -> None:
    its = timeline(path)
    rebuilder = Counting(its, feed())
    goes_on = Following(its, feed(), rebuilder)
    for number in range(100, 690, 10):
        goes_on.snapshots(KEYS, position_of(number, path), NEVER)
    assert rebuilder.rebuilt == len(KEYS)
    goes_on.snapshots(KEYS, position_of(5, path), NEVER)
    assert rebuilder.rebuilt == 2 * len(KEYS)


def test_what_was_ended_early_is_not_gone_on_from(path: Path) -> None:
    its = timeline(path)
    goes_on = Following(its, feed(), Rebuilder(its, feed()))
    goes_on.snapshots(KEYS, position_of(100, path), NEVER)
    ended = threading.Event()
    ended.set()
    assert set(goes_on.snapshots(KEYS, position_of(650, path), ended).values()) == {None}
    position = position_of(650, path)
    assert goes_on.snapshots(KEYS, position, NEVER) == Rebuilder(its, feed()).snapshots(KEYS, position, NEVER)


def test_several_recordings_are_followed_as_one(paths: tuple[Path, ...]) -> None:
    """Indexed, plain, one after the other, and overlapping."""
    its = timeline(*paths)
    goes_on = Following(its, feed(), Rebuilder(its, feed()))
    for batch in batches(*paths)[:4]:
        for past in range(0, len(batch.frames), 50):
            position = position_in(batch, past, NOW)
            assert goes_on.snapshots(KEYS, position, NEVER) == rebuilt(position, paths)


def rebuilt(position: Position, paths: tuple[Path, ...]) -> Mapping[Key, bytes | None]:
    its = timeline(*paths)
    return Rebuilder(its, feed()).snapshots(KEYS, position, NEVER)
