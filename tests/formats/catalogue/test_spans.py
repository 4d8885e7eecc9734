"""Which recordings are opened for a span of time, and that the state at its start is the same with them alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import venue_of
from feedrec.feeds.state.new_state import new_state
from feedrec.feeds.state.reach import reaches_of
from feedrec.formats import open_recording
from feedrec.formats.catalogue.entry import ChannelEntry, Entry, SnapshotEntry
from feedrec.formats.catalogue.listing import recordings_in
from feedrec.formats.catalogue.looking import look_at_all
from feedrec.formats.catalogue.spans import Key, NeededBefore, recordings_of_span
from feedrec.model import Frame

from .hourly import at, run

BOOK = "level2", "BTC-USD"


def entries_of(folder: Path) -> list[Entry]:
    return look_at_all(recordings_in(folder), {}).entries


def needed(endpoint: str, keys: Sequence[Key]) -> list[tuple[Key, str]]:
    feed = venue_of(endpoint)
    assert feed is not None
    return reaches_of(feed, keys)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[Entry]:
    """Give what is known of a run of six hours, whose fourth file begins with the state."""
    folder = tmp_path_factory.mktemp("run")
    run(folder, 6, states=[3])
    return entries_of(folder)


@pytest.mark.parametrize(
    ("start", "end", "alone", "with_state"),
    [
        (1.01, 1.02, [1], [0, 1]),
        (2.5, 3.5, [3], [3]),
        (3, 3.5, [3], [3]),
        (5.01, None, [5], [3, 4, 5]),
        (4.5, 4.6, [], []),
        (None, 1, [0], [0]),
        (0.01, 6, [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]),
        (9, None, [], []),
    ],
)
def test_only_what_has_something_of_the_span_is_opened(
    start: float | None, end: float | None, alone: list[int], with_state: list[int], entries: list[Entry]
) -> None:
    """And, for the state, all from the last snapshot on."""
    span = None if start is None else at(start), None if end is None else at(end)
    assert recordings_of_span(entries, *span) == alone
    assert recordings_of_span(entries, *span, needed) == with_state  # type: ignore[arg-type]


def known(number: int, begin: int, end: int, snapshots: list[SnapshotEntry] | None = None, frames: int = 1) -> Entry:
    channels = [ChannelEntry("c", "p", frames, 1)]
    return Entry(
        f"{number}", 1, "", 1, "finished", "", "e", "u", "s", 1, number, begin, end, frames=frames,
        channels=channels, snapshots=[] if snapshots is None else snapshots,
    )  # fmt: skip


def reaching(reach: str) -> NeededBefore:
    return lambda _endpoint, keys: [(key, reach) for key in keys]  # type: ignore[misc]


def test_how_far_back_it_goes_is_told_by_what_the_state_needs() -> None:
    snapshot = [SnapshotEntry("c", "p", 15)]
    parts = [known(1, 0, 9, frames=500), known(2, 10, 19, snapshot), known(3, 20, 29, frames=3), known(4, 30, 39)]
    assert recordings_of_span(parts, 35, None, reaching("snapshot")) == [1, 2, 3]
    assert recordings_of_span(parts, 35, None, reaching("beginning")) == [0, 1, 2, 3]
    assert recordings_of_span(parts, 35, None, reaching("frames")) == [1, 2, 3]
    without = [msgspec.structs.replace(part, snapshots=[]) for part in parts]
    assert recordings_of_span(without, 35, None, reaching("snapshot")) == [3]
    assert recordings_of_span(without, 35, None, reaching("snapshot or beginning")) == [0, 1, 2, 3]
    assert recordings_of_span(without, 35, None, reaching("frames")) == [0, 1, 2, 3]
    unknown = [msgspec.structs.replace(part, snapshots=None) for part in parts]
    assert recordings_of_span(unknown, 35, None, reaching("snapshot")) == [0, 1, 2, 3]


def test_a_clock_that_was_set_back_leaves_out_nothing() -> None:
    """Files between two of the span are opened, whatever their times say, and those after it until one is past it."""
    parts = [known(1, 0, 9), known(2, 50, 59), known(3, 10, 19), known(4, 60, 69), known(5, 20, 29), known(6, 70, 79)]
    assert recordings_of_span(parts, 55, 70) == [1, 2, 3, 4]
    assert recordings_of_span(parts, 55, 60) == [1, 2]


def test_a_file_that_tells_nothing_lies_between_its_neighbours() -> None:
    parts = [known(1, 0, 9), known(2, 10, 19), known(3, 20, 29), known(4, 30, 39)]
    for number in (1, 3):
        parts[number] = msgspec.structs.replace(
            parts[number], state="no summary", frames=None, begin=None, end=None, channels=[], snapshots=None
        )
    assert recordings_of_span(parts, 0, 5) == [0]
    assert recordings_of_span(parts, 12, 15) == [1]
    assert recordings_of_span(parts, 22, 25) == [2]
    assert recordings_of_span(parts, 90, 99) == [3], "the last one may go on for ever"


def test_one_that_cannot_be_read_is_always_opened() -> None:
    """So that whoever opens it says what is wrong."""
    unreadable = Entry("y", 1, "", 1, "unreadable", "is damaged")
    assert recordings_of_span([known(1, 0, 9), unreadable, known(2, 10, 19)], 12, 15) == [1, 2]


def book_at(paths: Sequence[Path], time: int) -> bytes | None:
    feed = venue_of("coinbase-advanced")
    assert feed is not None
    state = new_state(feed, {BOOK})
    assert state is not None
    for path in paths:
        with open_recording(path) as recording:
            for record in recording:
                if isinstance(record, Frame) and record.time < time:
                    state.apply(feed.describe(record.payload), record.payload)
    return state.snapshot(*BOOK, 0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give runs of five hours that begin with the state at none, some or all hours."""
    folders = []
    for states in ([], [2], [1, 4], [1, 2, 3, 4]):
        folders.append(tmp_path_factory.mktemp("run"))
        run(folders[-1], 5, states=states)
    return folders


@given(data=st.data())
def test_the_book_at_the_start_is_that_of_the_whole_run(data: st.DataObject, runs: list[Path]) -> None:
    folder = data.draw(st.sampled_from(runs))
    start = at(data.draw(st.floats(0, 4.99)))
    paths = [one.path for one in recordings_in(folder)]
    numbers = recordings_of_span(entries_of(folder), start, None, needed)  # type: ignore[arg-type]
    chosen = [paths[number] for number in numbers]
    begin = max(start, at(numbers[0]) + 1) if numbers else start
    if chosen:
        assert book_at(chosen, begin) == book_at(paths, begin)


def test_a_state_goes_back_through_a_year_of_files() -> None:
    """Each file is looked at a few times, however many there are: all pairs of them would take minutes."""
    parts = [known(number + 1, 10 * number, 10 * number + 9) for number in range(8760)]
    parts[0] = known(1, 0, 9, [SnapshotEntry("c", "p", 5)])
    assert recordings_of_span(parts, 87_595, None, reaching("snapshot")) == [*range(8760)]
    parts[8000] = known(8001, 80_000, 80_009, [SnapshotEntry("c", "p", 80_000)])
    assert recordings_of_span(parts, 87_595, None, reaching("snapshot")) == [*range(8000, 8760)]
