"""Files of other tools as recordings."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard

from feedrec.errors import (
    DamagedRecordingError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
    UsageError,
)
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import decode_line, encode_frame
from feedrec.formats.tools.foreign_files import ForeignRecording, open_any
from feedrec.formats.tools.foreign_lines import JsonlLines
from feedrec.formats.tools.verify_checks import LineCheck
from feedrec.model import Event, Frame, Header, format_time, parse_time

TEXT = b'2019-06-01T00:00:01Z {"n":1}\n2019-06-01T00:00:02Z {"n":2}\n\n2019-06-01T00:00:03Z {"n":3}\n'
SECOND = parse_time("2019-06-01T00:00:01Z")

packings = pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress], ids=["plain", "gzip", "zstd"]
)
Packing = Callable[[bytes], bytes]


def payloads(path: Path, start: int | None = None, end: int | None = None) -> list[bytes]:
    with open_any(path) as recording:
        records = [record for _, record in recording.lines_with_records(start, end)]
    return [record.payload for record in records if isinstance(record, Frame)]


@packings
@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_tardis_is_read_however_it_is_packed_and_ends(tmp_path: Path, pack: Packing, ending: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(TEXT.rstrip() + ending))
    assert payloads(path) == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


@packings
def test_a_file_that_is_cut_off_is_not_taken_for_a_shorter_one(tmp_path: Path, pack: Packing) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(TEXT * 50)[:-3])
    with pytest.raises(TruncatedRecordingError):
        payloads(path)


@packings
def test_what_is_whole_of_a_cut_file_is_read_where_damage_is_noted(tmp_path: Path, pack: Packing) -> None:
    """The recording ends with a `damage` event then, each time it is read."""
    found: list[DamagedRecordingError] = []
    path = tmp_path / "x"
    data = pack(TEXT * 3000)[:-3]  # several zstd blocks
    path.write_bytes(data)
    with open_any(path, on_damage=found.append) as recording:
        records = list(recording)
        assert list(recording) == records
    frames = [record.payload for record in records if isinstance(record, Frame)]
    assert frames == ([b'{"n":1}', b'{"n":2}', b'{"n":3}'] * 3000)[: len(frames)]
    assert frames
    last = records[-1]
    assert isinstance(last, Event)
    assert last.name == "damage"
    assert last.details["first"] == found[0].last_time == format_time(records[-2].time)
    assert last.details["offset"] + last.details["bytes"] == len(data)
    assert len({str(error) for error in found}) == 1


@pytest.mark.parametrize(
    "rest", [b'{"n":', b"12", b"2019-06", b"2019-06-01T00:00:09Z 1.5", b'2019-06-01T00:00:09Z {"n']
)
def test_what_may_be_the_beginning_of_a_line_is_no_frame(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT + rest)
    with pytest.raises(TruncatedRecordingError, match=f"the last line is cut off at byte {len(TEXT)} "):
        payloads(path)


def test_a_mark_at_the_beginning_and_one_at_the_end_are_no_part_of_a_line(tmp_path: Path) -> None:
    """A byte order mark, and Ctrl-Z."""
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace(b"\n", b"\r\n") + b"\x1a")
    assert payloads(path) == [b'{"n":1}', b'{"n":2}', b'{"n":3}']


def test_lines_of_hftbacktest_are_detected(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(gzip.compress(b'1723161256172210766 {"n": 1}\n'))
    assert payloads(path) == [b'{"n": 1}']


def test_other_readers_say_that_convert_reads_such_lines(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for text in (TEXT, gzip.compress(TEXT), b"1723161256172210766 {}\n", b"\xef\xbb\xbf" + TEXT):
        path.write_bytes(text)
        with pytest.raises(NotARecordingError, match="feedrec convert"):
            open_recording(path)
        with open_any(path) as recording:
            assert list(recording)


def test_a_span_of_time_can_be_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    with open_any(path) as recording:
        for _ in range(2):
            (lines,) = recording.batches(SECOND + 1, SECOND + 1_500_000_000)
            assert lines[0] == encode_frame(Frame(SECOND + 1_000_000_000, 0, b'{"n":2}'))


def test_the_header_says_when_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    with open_any(path, endpoint="coinbase-advanced") as recording:
        assert recording.header.created == SECOND
        assert recording.header.endpoint == "coinbase-advanced"


def test_a_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"ts":1}\n\n{"ts":2}\n{"t":3}\n')
    with ForeignRecording(path, partial(JsonlLines, "ts"), "raw") as recording:
        batches = recording.batches()
        assert len(next(batches)) == 3
        with pytest.raises(RecordingError, match=r"line 4 cannot be read: it has no field 'ts'"):
            next(batches)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"some text\n", b'{"a":1}\n'])
def test_anything_else_is_not_a_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError):
        open_any(path)


def test_a_file_without_a_frame_is_not_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\n")
    with pytest.raises(NotARecordingError, match="no frame"):
        open_any(path, partial(JsonlLines, "ts"))


def test_where_times_step_back_a_clock_event_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"t":5}\n{"t":3}\n{"t":4}\n')
    with open_any(path, partial(JsonlLines, "t")) as recording:
        records = list(recording)
        lines = [line for batch in recording.batches() for line in batch]
    second = 1_000_000_000
    assert [one.name if isinstance(one, Event) else one.payload for one in records] == [
        "open", b'{"t":5}', "clock", b'{"t":3}', b'{"t":4}',
    ]  # fmt: skip
    assert records[2] == Event(3 * second, 0, "clock", {"wall": 3 * second})
    check = LineCheck(None)
    assert [check.take(decode_line(line), None) for line in lines] == [[]] * 5


def test_a_recording_names_its_endpoint_itself(tmp_path: Path) -> None:
    path = create_recording(tmp_path / "a.jsonl", Header("raw")).finish()
    with pytest.raises(UsageError, match="omit --endpoint"):
        open_any(path, endpoint="raw")


def test_lines_of_json_get_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"t":5}\n')
    with pytest.raises(NotARecordingError, match="--time-field"):
        open_any(path)
    path.write_bytes(b'{"feedrec":2}\n')
    with pytest.raises(NotARecordingError, match=r"upgrade feedrec$"):
        open_any(path)
