"""Reading from a time: the lines asked for, all of them, and no more of the file than that takes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedrec.errors import TruncatedRecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.block_search import walk_frames
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame, encode_header
from feedrec.formats.line.index import Mark
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.formats.stream.zstd_parser import StreamDamage, looks_like_zstd
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record

HEADER = Header("coinbase-advanced")
START = 1_795_280_400 * NANOSECONDS


def lines_of(records: list[Record]) -> list[bytes]:
    return [encode_event(record) if isinstance(record, Event) else encode_frame(record) for record in records]


def write(path: Path, times: list[int], block_size: int = 300, *, index: bool = True) -> list[Record]:
    records: list[Record] = [Frame(time, 0, b'{"n":%d}' % number) for number, time in enumerate(times)]
    marks: list[Mark] = [(time, 0, None, 0, True) for time in times]
    encoder = BlockEncoder(block_size=block_size)
    header = encode_header(HEADER)
    data = encoder.begin(header) if index else encoder.add([header])
    path.write_bytes(data + encoder.add(lines_of(records), marks) + encoder.finish())
    return records


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 60), max_size=40).map(sorted),
    st.integers(-5, 65) | st.none(),
    st.integers(-5, 65) | st.none(),
    st.booleans(),
)
@example(seconds=[0] * 12, start=1, end=0, index=False)
def test_a_span_of_time_is_all_its_lines_and_no_others(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], start: int | None, end: int | None, index: object
) -> None:
    path = tmp_path_factory.mktemp("walk") / "a.jsonl.zst"
    records = write(path, [START + second for second in seconds], index=bool(index))
    first = None if start is None else START + start
    last = None if end is None else START + end
    with open_recording(path) as recording:
        assert (recording.index is not None) == index
        found = [line for lines in recording.batches(first, last) for line in lines]
    chosen = [
        record for record in records if (first is None or record.time >= first) and (last is None or record.time < last)
    ]
    assert found == lines_of(chosen)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 65), st.integers(0, 65))
def test_with_an_index_times_may_step_back(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], start: int, end: int
) -> None:
    path = tmp_path_factory.mktemp("walk") / "a.jsonl.zst"
    records = write(path, [START + second for second in seconds])
    with open_recording(path) as recording:
        found = [line for lines in recording.batches(START + start, START + end) for line in lines]
    assert found == lines_of([record for record in records if START + start <= record.time < START + end])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=40), st.integers(0, 65))
def test_seeking_passes_over_nothing_at_or_after_a_time(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], start: int
) -> None:
    path = tmp_path_factory.mktemp("walk") / "a.jsonl.zst"
    records = write(path, [START + second for second in seconds])
    with open_recording(path) as recording:
        passed = recording.seek(START + start)
        rest = [line for lines in recording.batches() for line in lines]
    assert rest == lines_of(records)[passed:]
    assert all(record.time < START + start for record in records[:passed])


def large(path: Path) -> None:
    """Write a recording of 12 MB of text that is hard to compress, one frame each millisecond."""
    source = random.Random(4)
    writer = create_recording(path, HEADER)
    for number in range(12_000):
        writer.write(Frame(START + number * 1_000_000, 0, b'{"x":"%s"}' % source.randbytes(480).hex().encode()))
    writer.finish()


def without_index(path: Path) -> None:
    data = path.read_bytes()
    spans = list(walk_frames(lambda offset, size: data[offset : offset + size], len(data)))
    path.write_bytes(data[: spans[-3].end])


def test_a_second_out_of_many_costs_the_index_and_its_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    large(path)
    with open_recording(path) as recording:
        index = recording.index
        assert index is not None
        known = recording.bytes_read
        start, end = START + 7 * NANOSECONDS, START + 8 * NANOSECONDS
        found = [line for lines in recording.batches(start, end) for line in lines]
        assert len(found) == 1_000
        needed = sum(
            block.size
            for block in index.blocks
            if block.first is not None and block.last is not None and block.first < end and block.last >= start
        )
        assert recording.bytes_read - known == needed
        assert recording.bytes_read < recording.size / 3


def test_without_an_index_little_more_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    large(path)
    without_index(path)
    with open_recording(path) as recording:
        assert recording.index is None
        found = list(recording.frame_batches(START + 7 * NANOSECONDS, START + 8 * NANOSECONDS))
        assert sum(len(frames) for frames, _ in found) == 1_000
        assert recording.bytes_read < recording.size * 2 / 3


def test_a_block_that_is_still_growing_keeps_nobody_from_beginning_behind_others(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    large(path)
    without_index(path)
    path.write_bytes(path.read_bytes()[:-10])
    with open_recording(path) as recording:
        found: list[bytes] = []
        with pytest.raises(TruncatedRecordingError):
            found.extend(line for lines in recording.batches(START + 8 * NANOSECONDS) for line in lines)
        assert len(found) > 100
        assert decode_line(found[0]).time == START + 8 * NANOSECONDS
        assert recording.bytes_read < recording.size * 2 / 3


def test_a_file_that_another_tool_packed_as_one_frame_is_read_from_a_time_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.zst"
    records: list[Record] = [Frame(START + number, 0, b"[%d]" % number) for number in range(100)]
    text = b"".join(line + b"\n" for line in [encode_header(HEADER), *lines_of(records)])
    path.write_bytes(zstandard.compress(text))
    with open_recording(path) as recording:
        found = [record for _, record in recording.lines_with_records(START + 40, START + 50)]
    assert found == records[40:50]


@given(st.binary(min_size=1, max_size=60).filter(lambda data: not looks_like_zstd(data.ljust(4))))
def test_bytes_that_are_not_zstd_are_damage(data: bytes) -> None:
    with pytest.raises(StreamDamage):
        list(walk_frames(lambda offset, size: data[offset : offset + size], len(data)))
