"""The overview counts what reading everything counts, and says when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import open_recording
from feedrec.formats.tools.convert import convert
from feedrec.model import Event, Frame, Record
from feedrec.replay.page.overview import overview as module
from feedrec.replay.page.overview.block_counts import buckets_between
from feedrec.replay.page.overview.overview import Overview
from feedrec.replay.page.overview.reading import ReadFile
from feedrec.replay.page.recordings import PageRecordings
from feedrec.replay.timeline.timeline import inspect_recordings

from ...books.making import beat, event, record, second
from ..market_recordings import SECONDS, lines_of, record_plain, record_two


def never() -> bool:
    return False


def at_once() -> bool:
    return True


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return record_two(tmp_path_factory.mktemp("overview"))


@pytest.fixture
def recordings(paths: list[Path]) -> Iterator[PageRecordings]:
    with PageRecordings(paths) as recordings:
        yield recordings


def counted(paths: list[Path], start: int, end: int, buckets: int) -> list[int]:
    edges = buckets_between(start, end, buckets)
    times: list[int] = []
    for path in paths:
        with open_recording(path) as recording:
            times += [one.time for one in recording if isinstance(one, Frame)]
    return [sum(edges[place] <= time < edges[place + 1] for time in times) for place in range(buckets)]


def test_a_short_span_is_counted_exactly(paths: list[Path], recordings: PageRecordings) -> None:
    with closing(Overview(recordings)) as overview:
        for start, end in ((second(0), second(SECONDS + 1)), (second(3.3), second(4.1))):
            told = overview.tell(start, end, 50, never)
            assert told.exact
            assert told.frames == counted(paths, start, end, 50)


def test_a_long_one_is_told_by_the_index_alone(
    paths: list[Path], recordings: PageRecordings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> None:
        raise AssertionError("nothing is to be read")

    monkeypatch.setattr(module, "_MOST_READ", 5000)
    monkeypatch.setattr(PageRecordings, "reader_of", read)
    start, end = second(0), second(SECONDS + 1)
    with closing(Overview(recordings)) as overview:
        told = overview.tell(start, end, 10, at_once)
    expected = counted(paths, start, end, 10)
    assert not told.exact
    assert sum(told.frames) == sum(expected)
    assert all(abs(one - other) <= 20 for one, other in zip(told.frames, expected, strict=True))


def test_it_says_in_milliseconds_what_it_is_about(recordings: PageRecordings) -> None:
    with closing(Overview(recordings)) as overview:
        told = overview.tell(recordings.start + 1_500_000, recordings.start + 2_000_000, 5, never)
        assert (told.start, told.end, len(told.frames)) == (1.5, 2.0, 5)
        assert overview.tell(recordings.start, recordings.start - 5, 5, never).frames == [1]


def test_marks_come_once_their_blocks_were_read(paths: list[Path], recordings: PageRecordings) -> None:
    """Until then it says that there is more to come."""
    expected = []
    for path in paths:
        with open_recording(path) as recording:
            expected += [one.time for one in recording if isinstance(one, Event) and one.name == "pause"]
    with closing(Overview(recordings)) as overview:
        first = overview.tell(second(0), second(SECONDS + 1), 10, at_once)
        assert (first.complete, first.marks) == (False, [])
        assert first.fraction < 1
        whole = overview.tell(second(0), second(SECONDS + 1), 10, never)
        assert (whole.complete, whole.fraction) == (True, 1)
        assert [mark.ms for mark in whole.marks] == [(time - recordings.start) / 1e6 for time in sorted(expected)]


def test_gaps_are_told_by_the_summary_until_they_are_read(tmp_path: Path) -> None:
    lines: list[Record] = [
        event(0, "open"),
        beat(1, 0),
        event(5, "gap", expected=1, received=3, missing=2),
        beat(5, 3),
        beat(9, 4),
    ]
    path = record(tmp_path / "x.jsonl.zst", lines)
    with PageRecordings([path]) as recordings, closing(Overview(recordings)) as overview:
        first = overview.tell(recordings.start, recordings.end, 10, at_once)
        assert [(mark.kind, mark.text) for mark in first.marks] == [("gap", "a gap")]
        assert abs(first.marks[0].ms - 5000) < 10
        read = overview.tell(recordings.start, recordings.end, 10, never)
        assert [(mark.ms, mark.kind) for mark in read.marks] == [(5000.0, "gap")]
        assert "missing 2" in read.marks[0].text


def test_gaps_that_no_event_tells_of_stay(tmp_path: Path) -> None:
    lines: list[Record] = [event(0, "open"), beat(0, 0), beat(1, 1), beat(5, 7), beat(9, 8), event(9, "pause")]
    path = record(tmp_path / "x.jsonl.zst", lines)
    with PageRecordings([path]) as recordings, closing(Overview(recordings)) as overview:
        marks = overview.tell(recordings.start, recordings.end, 10, never).marks
    assert [(mark.kind, mark.text[:5]) for mark in marks] == [("gap", "a gap"), ("pause", "pause")]


@pytest.mark.parametrize("is_text", [False, True])
def test_without_an_index_it_counts_what_it_has_read(tmp_path: Path, *, is_text: bool) -> None:
    lines = lines_of(20)
    path = tmp_path / "x.jsonl.zst"
    path = record_plain(path, lines) if is_text else record(path, lines, block_size=2000, is_cut=True)
    with PageRecordings([path]) as recordings, closing(Overview(recordings)) as overview:
        first = overview.tell(recordings.start, recordings.end, 10, at_once)
        assert (first.complete, sum(first.frames)) == (False, 0)
        told = overview.tell(recordings.start, recordings.end, 10, never)
        assert (told.complete, sum(told.frames)) == (True, 200)
        kinds = [mark.kind for mark in told.marks]
        assert kinds == ["pause", "pause"] + ([] if is_text else ["gap"])  # the last one is where it was cut


def test_a_recording_that_grows_is_read_on(tmp_path: Path) -> None:
    """Lines with the time of the last one that was read are not counted again."""
    lines = lines_of(10)
    path = record_plain(tmp_path / "x.jsonl", lines)
    whole = path.read_bytes()
    cut = whole.index(b"\n", len(whole) // 2) + 1
    path.write_bytes(whole[:cut])
    with PageRecordings([path]) as recordings:
        file = recordings.files[0]
        read = ReadFile(file)
        read.go_on(never)
        half = read.frames.total
        assert 0 < half < 100
        read.go_on(never)
        assert read.frames.total == half
        path.write_bytes(whole)
        assert file.look_again()
        read.go_on(never)
        assert read.frames.total == 100
        assert file.last == lines[-1].time
        read.close()


def test_parquet_tells_by_its_summary(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    lines = [line for line in lines_of(20) if not isinstance(line, Event) or line.name == "open"]
    path = tmp_path / "x.parquet"
    whole = record(tmp_path / "x.jsonl.zst", lines)
    feed = find_feed("coinbase-advanced")
    convert(inspect_recordings([whole]), path, describe=feed.describe, make_rule=rule_of(feed))
    with PageRecordings([path]) as recordings, closing(Overview(recordings)) as overview:
        told = overview.tell(recordings.start, recordings.end, 10, at_once)
        assert (told.complete, sum(told.frames)) == (True, 200)
        assert recordings.channels == ["heartbeats", "level2", "market_trades"]
        assert recordings.products == ["BTC-USD", "ETH-USD"]
