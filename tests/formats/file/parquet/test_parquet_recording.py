"""Reading Parquet: the same lines, from a time on, and what becomes of damage."""

from __future__ import annotations

import fcntl
import zlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import (
    CorruptRecordingError,
    DamagedRecordingError,
    LineError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
    WriteError,
)
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.parquet.parquet_recording import ParquetRecording
from feedrec.formats.file.target import FileTarget
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.formats.stream import parquet_encoder
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.parquet_rows import (
    GROUPS_KEY,
    decode_groups,
    encode_groups,
    row_of,
    seal,
)
from feedrec.model import Frame, format_time

from ....offsets import offsets
from ..recordings import HEADER, START, encode, record

RECORDS = [record(number) for number in range(90)]
LINES = [encode(one) for one in RECORDS]
GROUP_ROWS = 30
MASKS = (0xFF, 0x01)


def parquet(lines: Sequence[bytes] = LINES, group_rows: int = GROUP_ROWS) -> bytes:
    """Give a recording of several row groups."""
    encoder = ParquetEncoder(group_rows=group_rows)
    return encoder.begin(encode_header(HEADER)) + encoder.add(lines) + encoder.finish()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "a.parquet").write_bytes(parquet())
    return tmp_path / "a.parquet"


def read(path: Path, start: int | None = None, end: int | None = None) -> list[bytes]:
    with open_recording(path) as recording:
        return [line for lines in recording.batches(start, end) for line in lines]


def outcome(path: Path) -> tuple[bytes, list[bytes], RecordingError | None]:
    """Give what can be read of a file that may be damaged, and the error met."""
    header, lines = b"", []
    try:
        with open_recording(path) as recording:
            header = recording.header_line
            for batch in recording.batches():
                lines += batch
    except RecordingError as error:
        return header, lines, error
    return header, lines, None


def test_a_recording_gives_its_header_and_its_records(path: Path) -> None:
    with open_recording(path) as recording:
        assert isinstance(recording, ParquetRecording)
        assert recording.header == HEADER
        assert recording.header_line == encode_header(HEADER)
        assert recording.size == path.stat().st_size
        assert not recording.is_live
        assert recording.index is None
        assert list(recording) == RECORDS


def test_the_name_does_not_matter(path: Path) -> None:
    assert read(path.rename(path.with_name("a.jsonl.zst"))) == LINES


def test_an_empty_recording_is_not_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet([]))
    assert outcome(tmp_path / "a.parquet") == (encode_header(HEADER), [], None)


@pytest.mark.parametrize(
    ("first", "last"), [(0, 90), (31, 32), (29, 31), (60, None), (None, 60), (89, 90), (90, 99), (None, 0)]
)
def test_a_span_of_time_reads_the_row_groups_that_have_it(path: Path, first: int | None, last: int | None) -> None:
    """First inclusive, last exclusive; what is read twice is the same."""
    start, end = (None if number is None else START + number for number in (first, last))
    with open_recording(path) as recording:
        opened = recording.bytes_read
        lines = [line for batch in recording.batches(start, end) for line in batch]
        taken = recording.bytes_read - opened
        assert lines == LINES[first:last]
        assert [line for batch in recording.batches(start, end) for line in batch] == lines
    groups = {number // GROUP_ROWS for number in range(90)[first:last]}
    assert taken == sum(sizes(path)[group] for group in groups)


def sizes(path: Path) -> list[int]:
    groups = decode_groups(pq.read_metadata(path).metadata[GROUPS_KEY])
    return [group.size for group in groups]


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 41), st.integers(0, 41), st.integers(1, 7))
def test_times_need_not_be_sorted(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], first: int, last: int, group_rows: int
) -> None:
    lines = [encode_frame(Frame(START + time, 0, b"{}")) for time in times]
    path = tmp_path_factory.getbasetemp() / "unsorted.parquet"
    path.write_bytes(parquet(lines, group_rows))
    chosen = [line for line, time in zip(lines, times, strict=True) if first <= time < last]
    assert read(path, START + first, START + last) == chosen
    with open_recording(path) as recording:
        passed = recording.seek(START + first)
        rest = [line for batch in recording.batches() for line in batch]
    assert rest == lines[passed:]
    assert all(time < first for time in times[:passed])


def test_times_that_do_not_fit_a_column_are_found_as_well(tmp_path: Path) -> None:
    """The row groups that have one are read whatever is asked for."""
    lines = [encode_frame(Frame(time, 0, b"{}")) for time in (START, 2**63, 2**63 + 1)]
    (tmp_path / "a.parquet").write_bytes(parquet(lines, 2))
    assert read(tmp_path / "a.parquet", START + 1) == lines[1:]


def test_seek_passes_over_row_groups_without_reading_them(path: Path) -> None:
    with open_recording(path) as recording:
        opened = recording.bytes_read
        assert recording.seek(START + 65) == 60
        assert [line for batch in recording.batches() for line in batch] == LINES[60:]
        assert recording.bytes_read - opened == sizes(path)[2]


def test_an_iterator_ends_when_the_recording_is_closed(path: Path) -> None:
    with open_recording(path) as recording:
        batches = recording.batches()
        assert next(batches) == LINES[:GROUP_ROWS]
    assert list(batches) == []


def test_two_readings_at_once_do_not_disturb_each_other(path: Path) -> None:
    with open_recording(path) as recording:
        pairs = zip(recording.batches(START), recording.batches(START + 30), strict=False)
        assert [(one[0], other[0]) for one, other in pairs] == [(LINES[0], LINES[30]), (LINES[30], LINES[60])]


def test_a_file_cut_anywhere_is_reported_in_one_line(path: Path) -> None:
    """Never a traceback of a library, never an empty recording."""
    data = path.read_bytes()
    for size in range(0, len(data), 7):
        path.write_bytes(data[:size])
        header, lines, error = outcome(path)
        assert (header, lines) == (b"", [])
        assert isinstance(error, TruncatedRecordingError if size >= 4 else NotARecordingError)
        assert "\n" not in str(error)
        if isinstance(error, TruncatedRecordingError):
            assert error.offset == size


@pytest.mark.parametrize("mask", MASKS)
def test_a_byte_flipped_anywhere_is_noticed(path: Path, mask: int) -> None:
    """In data, in the headers of pages, in the footer: whole row groups before it, then one error."""
    data = path.read_bytes()
    for place in offsets(len(data), mask, MASKS, 3):
        damaged = bytearray(data)
        damaged[place] ^= mask
        path.write_bytes(damaged)
        _, lines, error = outcome(path)
        assert error is not None, place
        assert "\n" not in str(error)
        assert len(lines) in {0, 30, 60}
        assert lines == LINES[: len(lines)]
        if isinstance(error, CorruptRecordingError):
            assert error.offset <= place
            assert error.last_time == (format_time(START + len(lines) - 1) if lines else None)


@given(st.binary(max_size=200))
def test_whatever_follows_the_magic_number_is_one_error(tmp_path_factory: pytest.TempPathFactory, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.parquet"
    for data in (b"PAR1" + rest, b"PAR1" + rest + b"PAR1", b"PAR1" + rest + seal(rest + b"PAR1") + rest + b"PAR1"):
        path.write_bytes(data)
        assert outcome(path)[2] is not None


def test_a_footer_of_nonsense_with_a_right_seal_is_corrupt(path: Path) -> None:
    footer = b"nonsense" + (8).to_bytes(4, "little") + b"PAR1"
    path.write_bytes(b"PAR1" + seal(footer) + footer)
    with pytest.raises(CorruptRecordingError, match=r"unreadable footer .* at byte 16"):
        open_recording(path)


def test_parquet_of_another_program_is_not_a_recording(tmp_path: Path) -> None:
    """Nor is one that another tool wrote from ours: its rows need not be lines any more."""
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign.parquet")
    (tmp_path / "ours.parquet").write_bytes(parquet())
    pq.write_table(pq.read_table(tmp_path / "ours.parquet"), tmp_path / "rewritten.parquet")
    for name in ("foreign", "rewritten"):
        with pytest.raises(NotARecordingError, match="without feedrec's seal"):
            open_recording(tmp_path / f"{name}.parquet")


def test_a_version_from_the_future_is_reported(tmp_path: Path) -> None:
    encoder = ParquetEncoder()
    (tmp_path / "a.parquet").write_bytes(encoder.begin(b'{"feedrec":2,"endpoint":"raw"}') + encoder.finish())
    with pytest.raises(NotARecordingError, match="format version 2"):
        open_recording(tmp_path / "a.parquet")


def test_one_that_is_being_written_says_so(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(NotARecordingError, match="is being written"):
            open_recording(path)


def with_a_row_that_is_no_line(path: Path, bad: bytes, place: int) -> None:
    """Write a recording with a row that this package would not have written, checksums and all."""
    encoder = ParquetEncoder(group_rows=GROUP_ROWS)
    data = encoder.begin(encode_header(HEADER)) + encoder.add(LINES[:place])
    encoder._rows[-1:] = [encoder._rows[-1], encoder._rows[-1]._replace(kind="event", payload=bad)]
    path.write_bytes(data + encoder.add(LINES[place:]) + encoder.finish())


def test_an_invalid_row_is_reported_with_its_position(tmp_path: Path) -> None:
    """Everything before it is given; the error names the row group and the time before."""
    path, bad = tmp_path / "a.parquet", b'{"time":"x"}'
    with_a_row_that_is_no_line(path, bad, 40)
    with open_recording(path) as recording:
        records = iter(recording)
        got = [next(records) for _ in range(40)]
        with pytest.raises(CorruptRecordingError) as caught:
            next(records)
    assert got == RECORDS[:40]
    assert "row group 1" in str(caught.value)
    assert caught.value.last_time == format_time(START + 39)
    assert caught.value.offset == 4 + sizes(path)[0]
    with open_recording(path) as recording, pytest.raises(CorruptRecordingError, match="row group 1"):
        recording.raise_bad_line(bad, LineError("no line"))
    with open_recording(path) as recording, pytest.raises(LineError, match=r"^no line$"):
        recording.raise_bad_line(b"nowhere", LineError("no line"))


def test_a_row_group_above_the_limit_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.formats.file.parquet.row_groups._MAX_GROUP", 100)
    with pytest.raises(DamagedRecordingError, match="the limit is 100"):
        read(path)


def test_what_is_written_can_be_checked_by_the_document_alone(path: Path) -> None:
    """The seal and the CRC of every row group, as docs/format.md has them."""
    data = path.read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    assert data[footer - 12 : footer - 4] == b"feedrec1"
    assert int.from_bytes(data[footer - 4 : footer], "little") == zlib.crc32(data[footer:])
    groups = decode_groups(pq.read_metadata(path).metadata[GROUPS_KEY])
    assert [group.lines for group in groups] == [30, 30, 30]
    assert [(group.first, group.last) for group in groups] == [(START + n, START + n + 29) for n in (0, 30, 60)]
    assert groups[0].offset == 4
    assert all(group.crc == zlib.crc32(data[group.offset : group.offset + group.size]) for group in groups)
    assert groups[-1].offset + groups[-1].size == footer - 12


def test_memory_is_bounded_by_a_row_group(tmp_path: Path) -> None:
    """A recording of many row groups is read in batches, none longer than one of them."""
    writer = create_recording(tmp_path / "a.parquet", HEADER)
    lines = [encode_frame(Frame(START + number, 0, b'"%s"' % (b"x" * (1 << 20)))) for number in range(20)]
    for line in lines:
        writer.write_line(line)
    writer.finish()
    with open_recording(tmp_path / "a.parquet") as recording:
        batches = list(recording.batches())
    assert len(batches) == 3
    assert [line for batch in batches for line in batch] == lines


def test_of_rows_far_from_the_time_no_lines_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row group has some 65,000: to make lines of all is most of what a seek would cost."""
    made = []

    def make(batch: pa.RecordBatch) -> list[bytes]:
        if batch.num_rows:
            made.append(batch)
        return []

    monkeypatch.setattr("feedrec.formats.file.parquet.row_groups.lines_of_batch", make)
    path = tmp_path / "a.parquet"
    path.write_bytes(parquet([encode(record(number)) for number in range(8000)], group_rows=8000))
    with ParquetRecording(path) as recording:
        list(recording.batches(START + 4000, START + 4001))
        assert len(made) == 1
        list(recording.batches())
        assert len(made) == 9


def test_a_new_file_that_lacks_a_line_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add = ParquetEncoder.add
    monkeypatch.setattr(ParquetEncoder, "add", lambda self, lines, marks=(): add(self, lines[1:], marks[1:]))
    writer = create_recording(tmp_path / "a.parquet", HEADER)
    for line in LINES:
        writer.write_line(line)
    with pytest.raises(WriteError, match=f"not everything was written: it has .* lines instead of {len(LINES)}"):
        writer.finish()
    assert not (tmp_path / "a.parquet").exists()


def test_a_new_file_whose_bytes_changed_on_the_way_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = FileTarget.write

    def write_wrongly(target: FileTarget, data: bytes) -> None:
        write(target, data[:100] + bytes(255 - byte for byte in data[100:101]) + data[101:])

    monkeypatch.setattr(FileTarget, "write", write_wrongly)
    writer = create_recording(tmp_path / "a.parquet", HEADER)
    for line in LINES:
        writer.write_line(line)
    with pytest.raises(WriteError, match="not everything was written: row group 0 is corrupt"):
        writer.finish()
    assert not (tmp_path / "a.parquet").exists()


def test_a_footer_that_contradicts_its_list_of_row_groups_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        parquet_encoder, "encode_groups", lambda groups: encode_groups(groups).replace(b"[[30,", b"[[29,")
    )
    (tmp_path / "a.parquet").write_bytes(parquet())
    with pytest.raises(CorruptRecordingError, match="inconsistent footer"):
        ParquetRecording(tmp_path / "a.parquet")


def test_a_row_of_text_gives_text_however_long_its_string(tmp_path: Path) -> None:
    """Version 0.1 wrote such rows: today a writer of lines would choose base64."""
    start = encode_frame(Frame(START, 0, b""))[:-3]
    line = start + b'"\\u0001\\u0001\\u0001"}'
    assert row_of(line).kind == "text"
    assert row_of(encode_frame(Frame(START, 0, b"\x01\x01\x01"))).kind == "bytes"
    (tmp_path / "a.parquet").write_bytes(parquet([line]))
    assert read(tmp_path / "a.parquet") == [line]
