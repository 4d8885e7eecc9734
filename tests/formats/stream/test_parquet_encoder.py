"""Lines as a Parquet file: nothing is lost, and a run makes the same file as its lines."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.errors import LineError, RecordingExistsError, WriteError
from feedrec.feeds import find_feed
from feedrec.formats import RecordingWriter, create_recording, open_recording
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.frame_run import FrameRun
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream import parquet_encoder
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.parquet_rows import HEADER_KEY, SCHEMA, Row, line_of
from feedrec.model import Event, Frame, FrameInfo

from ...shared import SHARED
from .parquet_lines import HEADER, START, encode, frame_runs, lines

SAMPLES = SHARED / "samples"


@settings(max_examples=30)
@given(st.lists(lines(), max_size=30), st.integers(1, 8))
def test_a_file_gives_its_lines_back_byte_for_byte(some: list[bytes], group_rows: int) -> None:
    """Through Parquet as pyarrow writes and reads it, in row groups of any size."""
    table = pq.read_table(io.BytesIO(as_parquet(some, group_rows=group_rows)))
    rows = zip(
        table["time"].cast("int64").to_pylist(), *(column.to_pylist() for column in table.columns[1:]), strict=True
    )
    assert [line_of(Row(*row)) for row in rows] == some


def as_parquet(some: Sequence[bytes], **sizes: Any) -> bytes:
    encoder = ParquetEncoder(**sizes)
    return encoder.begin(encode_header(HEADER)) + encoder.add(some) + encoder.finish()


events = st.builds(Event, st.just(START), st.just(0), st.just("pause"), st.just({"backlog": 1}))


@settings(max_examples=60)
@given(
    st.lists(frame_runs() | frame_runs(conns=(7,)) | events, max_size=6),
    st.integers(1, 20),
    st.sampled_from([100, 1000, 1 << 20]),
    st.sampled_from([1, 1000, 1 << 20]),
)
def test_a_run_makes_the_same_file_as_its_lines(
    parts: list[FrameRun | Event], group_rows: int, group_size: int, together: int
) -> None:
    """Byte for byte, wherever row groups end and however many runs become columns together: also the footer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_encoder, "_TOGETHER", together)
        compare_files(parts, group_rows, group_size)


def compare_files(parts: list[FrameRun | Event], group_rows: int, group_size: int) -> None:
    at_once, one_by_one = (ParquetEncoder(group_rows=group_rows, group_size=group_size) for _ in range(2))
    files = [[encoder.begin(encode_header(HEADER))] for encoder in (at_once, one_by_one)]
    for part in parts:
        marked = part.lines() if isinstance(part, FrameRun) else [(encode(part), mark_of(part))]
        some, marks = zip(*marked, strict=True)
        data = at_once.add_run(part) if isinstance(part, FrameRun) else None
        files[0].append(at_once.add(some, marks) if data is None else data)
        files[1].append(one_by_one.add(some, marks))
    assert b"".join([*files[0], at_once.finish()]) == b"".join([*files[1], one_by_one.finish()])


def test_a_line_between_two_runs_stays_between_them() -> None:
    """Which the test above meets too seldom."""
    run = FrameRun(encode(Frame(START, 0, b"{}")) + b"\n", 0, [START], [FrameInfo("a")], [2])
    compare_files([run, Event(START, 0, "pause", {"backlog": 1}), run], 20, 1 << 20)


def test_only_what_no_column_takes_is_not_taken_as_a_run() -> None:
    """Otherwise the test above would compare nothing."""

    def is_taken(conn: int, time: int, sequence: int) -> bool:
        text = encode(Frame(time, conn, b"{}")) + b"\n"
        encoder = ParquetEncoder()
        encoder.begin(encode_header(HEADER))
        return encoder.add_run(FrameRun(text, conn, [time], [FrameInfo("a", (), sequence)], [2])) is not None

    assert is_taken(2**63 - 1, 2**63 - 1, 2**70)
    assert not is_taken(2**63, START, 1)
    assert not is_taken(0, 2**63, 1)


def test_the_file_is_as_the_format_says() -> None:
    """Schema, header in the metadata, zstd, page checksums, statistics where they help."""
    file = pq.ParquetFile(io.BytesIO(as_parquet([encode(Frame(START + 5, 0, b"{}"))])), page_checksum_verification=True)
    assert file.schema_arrow.equals(SCHEMA)
    assert file.metadata.metadata[HEADER_KEY] == encode_header(HEADER)
    group = file.metadata.row_group(0)
    columns = {name: group.column(number) for number, name in enumerate(SCHEMA.names)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["time"].statistics.min_raw == columns["time"].statistics.max_raw == START + 5
    assert columns["dir"].statistics.max == "in"
    assert columns["payload"].statistics is None
    assert columns["payload"].encodings == ("PLAIN", "RLE") or "PLAIN" in columns["payload"].encodings
    assert file.read().num_rows == 1


def test_row_groups_are_bounded_in_rows_and_in_bytes() -> None:
    """One line that is longer than the limit is a row group by itself."""

    def rows_of(sizes: list[int], **limits: int) -> list[int]:
        some = [encode(Frame(START, 0, b"x" * size)) for size in sizes]
        metadata = pq.read_metadata(io.BytesIO(as_parquet(some, **limits)))
        return [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]

    assert rows_of([1] * 7, group_rows=3) == [3, 3, 1]
    assert rows_of([100, 100, 5000, 100, 100], group_size=1000) == [2, 1, 2]
    assert rows_of([]) == []


def test_what_is_finished_leaves_memory_before_the_end() -> None:
    """A row group is given to the disk as soon as it is full."""
    encoder = ParquetEncoder(group_rows=10)
    assert encoder.begin(encode_header(HEADER)) == b"PAR1"
    assert encoder.add([encode(Frame(START, 0, b"{}"))] * 10) == b""
    assert len(encoder.add([encode(Frame(START, 0, b"{}"))])) > 100
    assert encoder.flush() == b""


def write_all(writer: RecordingWriter, some: Sequence[bytes]) -> None:
    for line in some:
        writer.write_line(line)
    writer.finish()


@pytest.mark.parametrize("name", ["advanced_2026-08-09", "exchange_2021-04-17"])
def test_real_captures_survive_both_ways(name: str, tmp_path: Path) -> None:
    """JSONL.zst to Parquet to JSONL.zst is the same lines, byte for byte."""
    sample = SAMPLES / f"{name}.frames.jsonl.zst"
    if not sample.exists():
        pytest.skip(f"{sample} is not there")
    with sample.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as stream:
        rows = [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]
    describe = find_feed("coinbase-advanced").describe
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    for row in rows:
        frame = Frame(
            int(row["ts"] * 10**6) * 1000, 0, (row["data"] or "").encode(), "in" if row["dir"] == "recv" else "out"
        )
        writer.write(frame, describe(frame.payload))
    writer.finish()
    for source, target in (("a.jsonl.zst", "b.parquet"), ("b.parquet", "c.jsonl.zst")):
        with open_recording(tmp_path / source) as recording:
            writer = create_recording(tmp_path / target, recording.header_line)
            for line, record in recording.lines_with_records():
                writer.write_line(
                    line, mark_of(record, describe(record.payload) if isinstance(record, Frame) else None)
                )
            writer.finish()
    first, _, last = (list(all_lines(tmp_path / name)) for name in ("a.jsonl.zst", "b.parquet", "c.jsonl.zst"))
    assert len(first) == len(rows) + 1
    assert first == last
    channels = set(pq.read_table(tmp_path / "b.parquet", columns=["channel"])["channel"].to_pylist())
    assert {"level2", "ticker"} <= channels if name.startswith("advanced") else channels


def all_lines(path: Path) -> list[bytes]:
    with open_recording(path) as recording:
        return [recording.header_line, *(line for batch in recording.batches() for line in batch)]


def test_a_header_that_another_tool_rewrote_survives(tmp_path: Path) -> None:
    header = b'{"endpoint": "raw", "feedrec": 1, "note": "x"}'
    for name in ("a.parquet", "a.jsonl.zst", "a.jsonl"):
        write_all(create_recording(tmp_path / name, header), [encode(Frame(START, 0, b"{}"))])
        assert all_lines(tmp_path / name)[0] == header


def test_an_invalid_header_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(LineError, match="not a recording header"):
        create_recording(tmp_path / "a.parquet", b'{"endpoint":"raw"}')
    assert list(tmp_path.iterdir()) == []


def test_it_has_its_name_only_when_it_is_whole_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    writer = create_recording(path, HEADER)
    assert [file.name for file in tmp_path.iterdir()] == ["a.parquet.part"]
    writer.write(Frame(START, 0, b"{}"))
    assert writer.finish() == path
    before = path.read_bytes()
    with pytest.raises(RecordingExistsError):
        create_recording(path, HEADER)
    assert path.read_bytes() == before
    other = create_recording(tmp_path / "b.parquet", HEADER)
    other.discard()
    assert [file.name for file in tmp_path.iterdir()] == ["a.parquet"]


def test_a_full_disk_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes when the row group that does not fit is written, or at the end."""
    writer = create_recording(tmp_path / "a.parquet", HEADER)
    writer.write(Frame(START, 0, b"{}"))
    monkeypatch.setattr("os.write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(WriteError, match="cannot be written: No space left on device"):
        writer.finish()
    monkeypatch.undo()
    assert not (tmp_path / "a.parquet").exists()


def test_an_invalid_line_is_reported_at_once_or_at_the_end(tmp_path: Path) -> None:
    """A caller who says what a line is, and is wrong, is told as well."""
    writer = create_recording(tmp_path / "a.parquet", HEADER)
    with pytest.raises(LineError):
        writer.write_line(b"{}")
    writer.write_line(b"{}", (START, 0, FrameInfo(), 0, True))
    with pytest.raises(LineError, match="not a line of a recording"):
        writer.finish()


def test_writing_keeps_up(tmp_path: Path) -> None:
    """A second of CPU is enough for far more than a busy second of any venue."""
    frame = Frame(START, 0, b'{"channel":"ticker","n":"%s"}' % (b"x" * 400))
    started = time.process_time()
    write_all(create_recording(tmp_path / "a.parquet", HEADER), [encode(frame)] * 20_000)
    assert time.process_time() - started < 5
