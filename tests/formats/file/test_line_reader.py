"""Reading a recording of lines: whole, cut off, damaged, or something else."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from feedrec.errors import (
    CorruptRecordingError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
)
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_header
from feedrec.model import Frame, format_time

from .recordings import HEADER, RECORDS, START, encode, plain, read_all, recording


def test_a_recording_gives_its_header_and_its_records(tmp_path: Path) -> None:
    with open_recording(recording(tmp_path / "a.jsonl.zst")) as reader:
        assert reader.header == HEADER
        assert reader.size == (tmp_path / "a.jsonl.zst").stat().st_size
        assert not reader.is_live
        assert list(reader) == RECORDS


def test_lines_come_in_batches_verbatim(tmp_path: Path) -> None:
    with open_recording(recording(tmp_path / "a.jsonl.zst")) as reader:
        batches = list(reader.batches())
    assert [line for lines in batches for line in lines] == [encode(one) for one in RECORDS]
    assert len(batches) > 1
    assert all(batches)


def test_a_recording_that_another_tool_compressed_is_read(tmp_path: Path) -> None:
    text = b"".join(line + b"\n" for line in [encode_header(HEADER), *map(encode, RECORDS)])
    (tmp_path / "a.zst").write_bytes(zstandard.ZstdCompressor().compress(text))
    assert read_all(tmp_path / "a.zst") == (RECORDS, None)


def test_a_recording_that_another_tool_rewrote_is_read(tmp_path: Path) -> None:
    lines = [encode_header(HEADER), *map(encode, RECORDS)]
    rewritten = [json.dumps(json.loads(line), sort_keys=True).encode() for line in lines]
    records, damage = read_all(plain(tmp_path / "a.jsonl", rewritten))
    assert damage is None
    assert [one.time for one in records] == [one.time for one in RECORDS]
    assert records[1] == Frame(START + 1, 0, b'{"number": 1}')


def test_a_recording_of_a_header_alone_has_no_records(tmp_path: Path) -> None:
    assert read_all(recording(tmp_path / "a.jsonl.zst", [])) == ([], None)


# Cut off.


def is_within(cut: int, whole: bytes) -> bool:
    """Tell whether a cut falls into a block, not between two."""
    frames = [index for index in range(len(whole)) if whole.startswith(b"\x28\xb5\x2f\xfd", index)]
    return cut not in [*frames, len(whole)]


def test_a_recording_that_was_cut_anywhere_gives_everything_before_the_cut_and_then_says_so(tmp_path: Path) -> None:
    whole = recording(tmp_path / "whole.jsonl.zst").read_bytes()
    cut_off = tmp_path / "cut.jsonl.zst"
    counts = []
    for cut in range(1, len(whole)):
        cut_off.write_bytes(whole[:cut])
        try:
            records, damage = read_all(cut_off)
        except NotARecordingError:
            assert cut < 4  # not even the magic number is whole
            continue
        assert records == RECORDS[: len(records)]
        if is_within(cut, whole):
            assert isinstance(damage, TruncatedRecordingError)
            assert damage.offset == cut
            last = records[-1].time if records else None
            assert damage.last_time == (format_time(last) if last else None)
        counts.append(len(records))
    assert counts == sorted(counts)
    assert counts[-1] >= len(RECORDS) - 10


def test_a_plain_recording_that_was_cut_gives_its_whole_lines(tmp_path: Path) -> None:
    path = plain(tmp_path / "a.jsonl", [encode_header(HEADER), *map(encode, RECORDS)])
    path.write_bytes(path.read_bytes()[:-5])
    records, damage = read_all(path)
    assert records == RECORDS[:-1]
    assert isinstance(damage, TruncatedRecordingError)
    assert damage.offset == path.stat().st_size
    assert damage.last_time == format_time(START + 28)
    assert str(damage) == f"{path}: the file is cut off at byte {damage.offset} (good until {damage.last_time})"


def test_a_recording_cut_within_its_first_block_is_good_until_its_last_line(tmp_path: Path) -> None:
    """All there is of it comes with the header."""
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    for one in RECORDS:
        writer.write_line(encode(one))
    path = writer.finish()
    path.write_bytes(path.read_bytes()[:-4])
    records, damage = read_all(path)
    assert records == RECORDS
    assert isinstance(damage, TruncatedRecordingError)
    assert damage.last_time == format_time(RECORDS[-1].time)


# Corrupt.


def test_a_flipped_byte_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl.zst")
    whole = path.read_bytes()
    noticed = 0
    for position in range(0, len(whole), 3):
        broken = bytearray(whole)
        broken[position] ^= 0x10
        path.write_bytes(broken)
        try:
            records, damage = read_all(path)
        except NotARecordingError:
            assert position < 4
            continue
        assert records == RECORDS[: len(records)]
        assert damage is not None or records == RECORDS
        noticed += damage is not None
    assert noticed > len(whole) // 4


def test_corruption_comes_after_everything_before_it_and_says_where(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl.zst")
    size = path.stat().st_size
    path.write_bytes(path.read_bytes() + b"GARBAGE")
    records, damage = read_all(path)
    assert records == RECORDS
    assert isinstance(damage, CorruptRecordingError)
    assert damage.offset == size
    assert damage.last_time == format_time(RECORDS[-1].time)
    assert "\n" not in str(damage)


# No recording at all.


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "neither zstd, nor gzip, nor lines of JSON"),
        (b"PAR1" + bytes(100), "neither zstd, nor gzip, nor lines of JSON"),
        (b"just text", "neither zstd, nor gzip, nor lines of JSON"),
        (b"\x28", "neither zstd, nor gzip, nor lines of JSON"),
        (b"{}\n", 'has no "feedrec"'),
        (b'{"ts":1,"dir":"recv"}\n{}\n', 'has no "feedrec"'),
        (b'{"feedrec":9,"endpoint":"raw"}\n', "version 9, but this feedrec reads version 1: upgrade feedrec"),
        (zstandard.compress(b"some\ntext\n"), "not a recording header"),
        (zstandard.compress(random.Random(1).randbytes(10_000)), "not a recording header"),
        (zstandard.compress(b""), "no line of a recording"),
        (b"\x50\x2a\x4d\x18\x00\x00\x00\x00", "no line of a recording"),
    ],
)
def test_a_file_that_is_not_a_recording_is_reported_with_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "a.jsonl.zst"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError, match=reason) as caught:
        RecordingReader(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotARecordingError, match="no such file"):
        RecordingReader(tmp_path / "missing.jsonl.zst")
    with pytest.raises(NotARecordingError, match="is a folder"):
        RecordingReader(tmp_path)


def test_the_final_name_of_an_unfinished_recording_leads_to_its_present_one(tmp_path: Path) -> None:
    recording(tmp_path / "a.jsonl.zst.part")
    with pytest.raises(NotARecordingError, match=r"a\.jsonl\.zst\.part exists"):
        RecordingReader(tmp_path / "a.jsonl.zst")


def test_a_file_that_cannot_be_opened_or_read_is_a_recording_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(RecordingError, match="Not a directory"):
        RecordingReader(tmp_path / "file" / "a.jsonl.zst")
    with pytest.raises(RecordingError, match=r"cannot be opened: .*null"):
        RecordingReader(tmp_path / "a\0.jsonl.zst")


@pytest.mark.parametrize("length", [252, 300])
def test_a_name_that_is_too_long_is_a_recording_error(tmp_path: Path, length: int) -> None:
    """Also if only the name with `.part` at its end is."""
    with pytest.raises(RecordingError, match="no such file" if length < 256 else "File name too long"):
        RecordingReader(tmp_path / ("x" * length))


def test_a_pipe_or_a_device_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(NotARecordingError, match="is a pipe or device: recordings are read from files"):
            RecordingReader(path)


def test_a_file_system_without_locks_does_not_make_a_recording_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with RecordingReader(recording(tmp_path / "a.jsonl.zst")) as reader:
        monkeypatch.setattr(fcntl, "flock", no_locks)
        assert not reader.is_live


def test_iterators_of_a_closed_reader_end(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.jsonl.zst", RECORDS * 2000, block_size=1 << 16)
    reader = RecordingReader(path)
    batches: Iterator[list[bytes]] = reader.batches()
    next(batches)
    reader.close()
    assert sum(map(len, batches)) < len(RECORDS) * 2000
