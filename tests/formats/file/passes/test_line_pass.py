"""One reading of a file: it says where a bad line is, and waits while the file grows."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from feedrec.errors import CorruptRecordingError, LineError
from feedrec.formats import create_recording
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_header
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import Record, format_time

from ..recordings import HEADER, MANY, RECORDS, encode, plain, read_all, recording


def test_an_invalid_line_is_corruption_after_the_last_good_line(tmp_path: Path) -> None:
    lines = [encode_header(HEADER), *map(encode, RECORDS)]
    path = plain(tmp_path / "a.jsonl", [*lines[:10], b"what?", *lines[10:]])
    records, damage = read_all(path)
    assert records == RECORDS[:9]
    assert isinstance(damage, CorruptRecordingError)
    assert damage.last_time == format_time(RECORDS[8].time)


@pytest.mark.parametrize("position", [1, 2, 10, 19_990])
def test_the_offset_of_a_bad_line_in_plain_text_is_its_first_byte(tmp_path: Path, position: int) -> None:
    lines = [encode_header(HEADER), *map(encode, MANY)]
    path = plain(tmp_path / "a.jsonl", [*lines[:position], b"what?", *lines[position:]])
    records, damage = read_all(path)
    assert records == MANY[: position - 1]
    assert isinstance(damage, CorruptRecordingError)
    assert path.read_bytes()[damage.offset :].startswith(b"what?\n")
    assert damage.last_time == (format_time(MANY[position - 2].time) if position > 1 else None)
    assert ("(nothing readable before it)" in str(damage)) == (position == 1)


def test_a_header_in_the_middle_is_a_bad_line_there(tmp_path: Path) -> None:
    """So it is where two recordings were joined by `cat`."""
    lines = [encode_header(HEADER), *map(encode, RECORDS)]
    _, damage = read_all(plain(tmp_path / "a.jsonl", lines + lines))
    assert damage is not None
    assert damage.offset == (tmp_path / "a.jsonl").stat().st_size // 2


def test_the_offset_of_a_bad_line_in_a_compressed_recording_is_that_of_its_block(tmp_path: Path) -> None:
    first, second = BlockEncoder(), BlockEncoder()
    one = first.add([encode_header(HEADER), *map(encode, RECORDS[:9])]) + first.finish()
    other = second.add([*map(encode, RECORDS[9:20]), b"what?"]) + second.flush()
    path = tmp_path / "a.jsonl.zst"
    for two in (other, other + second.finish()):
        path.write_bytes(one + two)
        records, damage = read_all(path)
        assert records == RECORDS[:20]
        assert isinstance(damage, CorruptRecordingError)
        assert damage.offset == len(one)
        assert damage.last_time == format_time(RECORDS[19].time)


@pytest.mark.parametrize("is_new", [True, False])
def test_callers_that_decode_lines_can_ask_for_the_position_of_an_invalid_one(tmp_path: Path, is_new: object) -> None:
    lines = [encode_header(HEADER), *map(encode, MANY)]
    path = plain(tmp_path / "a.jsonl", [*lines[:19_990], b"what?", *lines[19_990:]])
    with RecordingReader(path) as reader:
        if not is_new:
            next(batch for batch in reader.batches() if b"what?" in batch)
        with pytest.raises(CorruptRecordingError, match="no line") as caught:
            reader.raise_bad_line(b"what?", LineError("no line"))
    assert path.read_bytes()[caught.value.offset :].startswith(b"what?\n")
    assert caught.value.last_time == format_time(MANY[19_988].time)


def test_a_line_that_does_not_occur_has_no_position(tmp_path: Path) -> None:
    with RecordingReader(recording(tmp_path / "a.jsonl.zst")) as reader, pytest.raises(LineError, match="no line"):
        reader.raise_bad_line(b"what?", LineError("no line"))


# Growing.


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_a_reader_sees_whether_somebody_writes(tmp_path: Path, name: str) -> None:
    writer = create_recording(tmp_path / name, HEADER)
    with RecordingReader(tmp_path / f"{name}.part") as reader:
        assert reader.is_live
        assert list(reader) == []  # no error: a recording that grows is not cut off
        writer.finish()
        assert not reader.is_live
    assert not reader.is_live


def follow(steps: list[Callable[[], object]]) -> Callable[[], bool]:
    """Give a `wait` that does a step each time; it goes on as long as there are any."""
    remaining = iter(steps)

    def wait() -> bool:
        step = next(remaining, None)
        if step is None:
            return False
        step()
        return True

    return wait


def test_a_line_without_its_line_feed_is_none_while_the_file_grows(tmp_path: Path) -> None:
    """It is one as soon as nobody writes the file any more, as if the recorder had been killed."""
    path = tmp_path / "a.jsonl.part"
    path.write_bytes(encode_header(HEADER) + b"\n" + encode(RECORDS[0]) + b"\n" + encode(RECORDS[1]))
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with RecordingReader(path) as reader:
            assert list(reader) == RECORDS[:1]
        with RecordingReader(path, wait=follow([lambda: None])) as reader:
            assert list(reader) == RECORDS[:1]
    with RecordingReader(path) as reader:
        assert list(reader) == RECORDS[:2]
        assert reader.form.is_open


@pytest.mark.parametrize("compressed", [True, False])
def test_a_growing_file_is_followed_until_its_writer_ends(tmp_path: Path, compressed: object) -> None:
    path = tmp_path / "a.part"
    encoder = BlockEncoder()

    def append(*records: Record) -> None:
        lines = list(map(encode, records))
        data = encoder.add(lines) + encoder.flush() if compressed else b"".join(one + b"\n" for one in lines)
        os.write(file, data)

    file = os.open(path, os.O_CREAT | os.O_WRONLY)
    fcntl.flock(file, fcntl.LOCK_EX)
    header = encode_header(HEADER)
    os.write(file, encoder.begin(header) if compressed else header + b"\n")

    def append_and_end() -> None:
        append(*RECORDS[4:])
        os.write(file, encoder.finish())
        os.close(file)

    steps: list[Callable[[], object]] = [
        lambda: append(RECORDS[0]),
        lambda: None,
        lambda: append(*RECORDS[1:4]),
        append_and_end,
    ]
    with RecordingReader(path, wait=follow(steps)) as reader:
        assert list(reader) == RECORDS


def test_what_is_written_between_the_last_look_and_the_end_of_the_writer_is_not_lost(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)

    def write_and_finish() -> None:
        for one in RECORDS:
            writer.write_line(encode(one))
        writer.finish()

    with RecordingReader(tmp_path / "a.jsonl.zst.part", wait=follow([write_and_finish])) as reader:
        assert list(reader) == RECORDS


def test_ending_the_wait_is_not_an_error(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl.zst", HEADER)
    with RecordingReader(tmp_path / "a.jsonl.zst.part", wait=lambda: False) as reader:
        assert list(reader) == []
    writer.discard()


def test_a_file_that_is_not_being_written_is_not_waited_for(tmp_path: Path) -> None:
    def wait() -> bool:
        raise AssertionError("it is not live")

    with RecordingReader(recording(tmp_path / "a.jsonl.zst"), wait=wait) as reader:
        assert list(reader) == RECORDS


def test_damage_ends_the_waiting(tmp_path: Path) -> None:
    def wait() -> bool:
        raise AssertionError("it waits in vain")

    path = recording(tmp_path / "a.jsonl.zst")
    with path.open("ab") as file:
        file.write(b"GARBAGE")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        with (
            RecordingReader(path, wait=wait) as reader,
            pytest.raises(CorruptRecordingError, match="not a zstd frame"),
        ):
            list(reader)
