"""Lines as rows and back: nothing is lost, and the columns say what the lines say."""

from __future__ import annotations

import io
import json
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedrec.errors import LineError, RecordingExistsError, WriteError
from feedrec.feeds import find_feed
from feedrec.formats import RecordingWriter, create_recording, open_recording
from feedrec.formats.line.codec import decode_line, encode_event, encode_frame, encode_header
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream.parquet_rows import HEADER_KEY, SCHEMA, ParquetEncoder, Row, line_of, row_of
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("coinbase-advanced", url="wss://example.test", created=START)
SAMPLES = Path(__file__).parents[4] / "shared" / "samples"

times = st.integers(0, 253402300800 * 10**9 - 1)
payloads = (
    st.binary()
    | st.text().map(str.encode)
    | st.sampled_from([b"{}", b'{"a":[1,"\xc3\xa9"]}', b" {}", b'"\n"', b"\xff"])
)
records: st.SearchStrategy[Record] = st.builds(
    Frame,
    time=times,
    conn=st.integers(0, 2**31) | st.just(2**63),
    payload=payloads,
    direction=st.sampled_from(["in", "out"]),
    binary=st.booleans(),
    redacted=st.booleans(),
    synthetic=st.booleans(),
    unverified=st.booleans(),
) | st.builds(
    Event,
    time=times,
    conn=st.integers(0, 2**31),
    name=st.text(),
    details=st.dictionaries(st.text(string.ascii_lowercase), st.none() | st.integers(0, 9) | st.text(), max_size=3),
)


def encode(record: Record) -> bytes:
    return encode_frame(record) if isinstance(record, Frame) else encode_event(record)


def as_written(line: bytes) -> bytes:
    return line


def with_spaces(line: bytes) -> bytes:
    return json.dumps(json.loads(line), separators=(", ", ": "), ensure_ascii=False).encode("utf-8", "surrogatepass")


def payload_first(line: bytes) -> bytes:
    return json.dumps(dict(reversed(json.loads(line).items()))).encode()


def with_another_key(line: bytes) -> bytes:
    return b'{"host":"a",' + line[1:]


def with_an_offset_of_time(line: bytes) -> bytes:
    return line.replace(b'Z"', b'+00:00"', 1)


def with_fewer_decimals(line: bytes) -> bytes:
    return line[:33] + line[38:]


def with_space_at_the_end(line: bytes) -> bytes:
    return line + b"\r"


REWRITES: list[Callable[[bytes], bytes]] = [
    as_written,
    with_spaces,
    payload_first,
    with_another_key,
    with_an_offset_of_time,
    with_fewer_decimals,
    with_space_at_the_end,
]


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Make a line as feedrec writes it, or as another tool rewrote it."""
    return draw(st.sampled_from(REWRITES))(encode(draw(records)))


@given(lines())
@example(encode_frame(Frame(START, 0, b"a\xff")))
@example(encode_frame(Frame(2**63, 0, b"{}")))
@example(b'{"time":"2026-11-21T17:00:00Z","conn":0,"dir":"in","text":"\\u0061"}')
@example(b'{"time":"2026-11-21T17:00:00Z","conn":0,"dir":"in","op":"text","base64":"e30="}')
@example(b'{"dir":"in","frame":{},"time":"2026-11-21T17:00:00Z","conn":0}')
def test_a_row_gives_its_line_back_byte_for_byte(line: bytes) -> None:
    """Whoever wrote it, and whether or not it is known beforehand what it is."""
    row = row_of(line)
    assert line_of(row) == line
    known = row_of(line, mark_of(decode_line(line), FrameInfo("level2", ("BTC-USD",), 7)))
    assert line_of(known) == line
    assert known._replace(channel=None, product=None, sequence=None) == row


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


@pytest.mark.parametrize(
    ("record", "kind", "flags"),
    [
        (Frame(START, 0, b'{"a":1}'), "json", None),
        (Frame(START, 0, b"ping"), "text", None),
        (Frame(START, 0, b"\xff"), "bytes", None),
        (Frame(START, 0, b'{"a":1}', binary=True), "binary", None),
        (Frame(START, 0, b'{"a":1}', redacted=True), "json", "redacted"),
        (Frame(START, 0, b'{"a":1}', synthetic=True, unverified=True), "json", "synthetic,unverified"),
    ],
)
def test_the_columns_of_a_frame(record: Frame, kind: str, flags: str | None) -> None:
    """The payload is verbatim, whatever stands in the line; what it speaks of comes from the feed."""
    row = row_of(encode(record), mark_of(record, FrameInfo("level2", ("BTC-USD", "ETH-USD"), 9)))
    assert row == Row(START, 0, "in", None, "level2", "BTC-USD,ETH-USD", 9, kind, flags, record.payload)


def test_the_columns_of_an_event_and_of_a_frame_sent() -> None:
    event, sent = Event(START, 3, "gap", {"missing": 9}), Frame(START, 3, b"{}", "out")
    assert row_of(encode(event)) == Row(START, 3, None, "gap", None, None, None, "event", None, encode(event))
    assert row_of(encode(sent), mark_of(sent)) == Row(START, 3, "out", None, None, None, None, "json", None, b"{}")


def test_a_line_that_another_tool_rewrote_is_kept_whole() -> None:
    """What it says stands in the columns all the same."""
    line = b'{"dir": "in", "time": "2026-11-21T17:00:00Z", "conn": 1, "frame": {"a": 1}}'
    row = row_of(line, mark_of(decode_line(line), FrameInfo("ticker", ("BTC-USD",))))
    assert row == Row(START, 1, "in", None, "ticker", "BTC-USD", None, "line", None, line)


def test_what_does_not_fit_64_bits_is_null() -> None:
    frame = Frame(2**63, 2**63, b"{}")
    row = row_of(encode(frame), mark_of(frame, FrameInfo(sequence=2**63)))
    assert (row.time, row.conn, row.sequence, row.kind) == (None, None, None, "line")


@pytest.mark.parametrize("line", [b"", b"{}", b'{"time":"2026-11-21T17:00:00Z","dir":"in"}', b"\x00"])
def test_an_invalid_line_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        row_of(line)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "other"},
        {"kind": "event", "payload": b"a\nb"},
        {"payload": b"{\n}"},
        {"dir": None},
        {"time": None},
        {"conn": None},
        {"flags": "secret"},
    ],
)
def test_a_row_that_no_line_has_is_refused(changes: dict[str, object]) -> None:
    row = row_of(encode(Frame(START, 0, b"{}")))
    with pytest.raises(ValueError, match=r"^a (row|line) "):
        line_of(row._replace(**changes))  # type: ignore[arg-type]


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
