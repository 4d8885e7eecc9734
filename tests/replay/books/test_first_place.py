"""Where reading begins for a book."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import create_recording, open_recording
from feedrec.formats.facts.repeats import LONGEST_OVERLAP
from feedrec.model import Frame, Record
from feedrec.replay.books.first_place import first_time, indexed_snapshot
from feedrec.replay.books.sources import BookSource

from .making import event, record, second, told

LINES: list[Record] = [
    told(1, 0, "snapshot", "b1=1 a2=2"),
    *(told(2 + n, 1 + n, "update", "b1=1") for n in range(20)),
    told(30, 21, "snapshot", "b1=1 a2=2", "ETH-USD"),
    told(31, 22, "snapshot", "b1=1 a2=2"),
    *(told(32 + n, 23 + n, "update", "b1=1") for n in range(20)),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.jsonl.zst"


def test_it_is_the_last_snapshot_before_the_moment(path: Path) -> None:
    source = BookSource([record(path, LINES)], "BTC-USD")
    assert [first_time(source, second(time)) for time in (0.5, 1, 30.9, 31, 99)] == [
        0,
        second(1),
        second(1),
        second(31),
        second(31),
    ]


def test_without_an_index_blocks_are_looked_at_from_the_end_back(path: Path) -> None:
    """And a minute before it, since what takes the place of a connection may begin there."""
    source = BookSource([record(path, LINES, is_cut=True)], "BTC-USD")
    assert first_time(source, second(99)) == second(31) - LONGEST_OVERLAP
    assert first_time(source, second(30)) == second(1) - LONGEST_OVERLAP


def test_in_parquet_row_groups_are(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.formats.stream.parquet_encoder.ROW_GROUP", 10, raising=False)
    record(path, LINES)
    with open_recording(path) as recording, create_recording(tmp_path / "y.parquet", recording.header) as writer:
        for line in LINES:
            writer.write(line, block=True)
    source = BookSource([tmp_path / "y.parquet"], "BTC-USD")
    assert first_time(source, second(99)) == second(31) - LONGEST_OVERLAP


def test_only_so_many_lines_count_and_none_after_a_time(path: Path) -> None:
    source = BookSource([record(path, LINES)], "BTC-USD")
    with open_recording(path) as recording:
        found = indexed_snapshot(source, 0, recording, lines=22)
        assert found is not None
        assert found.frame.time == second(1)
        assert found.line == 0
        assert indexed_snapshot(source, 0, recording, until=second(0.9)) is None


def test_the_state_with_which_a_later_file_begins_does_not_count(tmp_path: Path) -> None:
    """Unless the one before it is not read: then it is all there is."""
    state = Frame(second(5), 0, told(5, 0, "snapshot", "b1=1 a2=2").payload, synthetic=True)
    parts = [
        record(tmp_path / "a.jsonl.zst", LINES[:3], part=1),
        record(tmp_path / "b.jsonl.zst", [state, told(6, 3, "update", "b1=1"), event(7, "close")], part=2),
    ]
    assert first_time(BookSource(parts, None), second(6)) == second(1)
    assert first_time(BookSource(parts[1:], None), second(6)) == second(5)
