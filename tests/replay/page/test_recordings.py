"""The recordings of a page: finished, cut off, and while they are written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from feedrec.formats import create_recording
from feedrec.formats.file.names import part_path
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Header, Record
from feedrec.replay.page.frames.frame_table import FrameTable
from feedrec.replay.page.frames.keys import key_at, parse_key
from feedrec.replay.page.frames.wanted import Wanted
from feedrec.replay.page.overview.overview import Overview
from feedrec.replay.page.recordings import PageRecordings

from ...timing import wait_until
from ..books.making import START, record, second
from .market_recordings import lines_of, record_plain

LINES = lines_of(20)


def never() -> bool:
    return False


def encoded(line: Record) -> bytes:
    return encode_event(line) if isinstance(line, Event) else encode_frame(line)


def test_its_ends_are_those_of_its_lines_whatever_it_is(tmp_path: Path) -> None:
    paths = [
        record(tmp_path / "whole.jsonl.zst", LINES, block_size=3000),
        record(tmp_path / "cut.jsonl.zst", LINES, block_size=3000, is_cut=True),
        record_plain(tmp_path / "text.jsonl", LINES),
    ]
    for path in paths:
        with PageRecordings([path]) as recordings:
            (file,) = recordings.files
            assert (recordings.start, recordings.end) == (LINES[0].time, LINES[-1].time + 1)
            assert (file.is_live, file.endpoint) == (False, "coinbase-advanced")
            assert file.tells_frames == (path is paths[0])


def test_without_a_line_it_begins_when_it_was_created(tmp_path: Path) -> None:
    with PageRecordings([record(tmp_path / "x.jsonl.zst", [])]) as recordings:
        assert (recordings.start, recordings.end) == (START, START + 1)
        assert FrameTable(recordings).after(key_at(0), 5, Wanted(), never).rows == []


def test_few_files_are_open_at_a_time(tmp_path: Path) -> None:
    paths = [record(tmp_path / f"{number}.jsonl.zst", lines_of(1, number, number)) for number in range(20)]
    with PageRecordings(paths) as recordings:
        page = FrameTable(recordings).after(key_at(0), 500, Wanted(), never)
        assert len(page.rows) == 20 * 11
        assert len(recordings._open) == 16


def test_one_that_is_being_written_is_shown_as_far_as_it_has_come_and_when_it_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    writer = create_recording(path, Header("coinbase-advanced", url="wss://x.example", created=START))
    for line in LINES[:100]:
        writer.write_line(encoded(line))
    part = part_path(path)
    wait_until(lambda: part.exists() and part.stat().st_size > 1000)
    with PageRecordings([part]) as recordings, closing(Overview(recordings)) as overview:
        table = FrameTable(recordings)
        assert recordings.grows
        first = table.after(key_at(0), 500, Wanted(), never)
        assert 0 < len(first.rows) <= 100
        assert first.next is not None  # there will be more
        for line in LINES[100:]:
            writer.write_line(encoded(line))
        writer.finish()
        recordings.look_again()
        assert not recordings.grows
        rest = table.after(parse_key(first.next), 500, Wanted(), never)
        assert len(first.rows) + len(rest.rows) == len(LINES)
        assert rest.next is None
        told = overview.tell(second(0), second(30), 10, never)
        assert (told.complete, sum(told.frames)) == (True, 200)
