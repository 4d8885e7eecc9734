"""Files of other tools as recordings."""

from __future__ import annotations

import contextlib
import gzip
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import (
    DamagedRecordingError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
    UsageError,
)
from feedrec.formats import create_recording, open_recording
from feedrec.formats.foreign.json_lines import EnvelopeFields, JsonlLines
from feedrec.formats.foreign.line_source import lines_read_by
from feedrec.formats.foreign.opening import FORMS, open_any
from feedrec.formats.foreign.source import Importing, MakeSource, Skipped
from feedrec.formats.line.codec import decode_line, encode_frame
from feedrec.formats.tools.verify_checks import LineCheck
from feedrec.model import Event, Frame, Header, format_time, parse_time

from .secrecy import IMPORTING, SECRECY

TEXT = b'2019-06-01T00:00:01Z {"n":1}\n2019-06-01T00:00:02Z {"n":2}\n\n2019-06-01T00:00:03Z {"n":3}\n'
SECOND = parse_time("2019-06-01T00:00:01Z")

packings = pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress], ids=["plain", "gzip", "zstd"]
)
Packing = Callable[[bytes], bytes]


def jsonl(*names: str) -> MakeSource:
    return lines_read_by(partial(JsonlLines, EnvelopeFields(*names)))


def payloads(path: Path, start: int | None = None, end: int | None = None) -> list[bytes]:
    with open_any(path, IMPORTING) as recording:
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
    with open_any(path, IMPORTING._replace(on_damage=found.append)) as recording:
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
        with open_any(path, IMPORTING) as recording:
            assert list(recording)


def test_a_span_of_time_can_be_read_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    with open_any(path, IMPORTING) as recording:
        for _ in range(2):
            (lines,) = recording.batches(SECOND + 1, SECOND + 1_500_000_000)
            assert lines[0] == encode_frame(Frame(SECOND + 1_000_000_000, 0, b'{"n":2}'))


def test_the_header_says_when_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(TEXT)
    with open_any(path, IMPORTING, endpoint="coinbase-advanced") as recording:
        assert recording.header.created == SECOND
        assert recording.header.endpoint == "coinbase-advanced"


def test_a_bad_line_is_named_by_its_number(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"ts":1}\n\n{"ts":2}\n{"t":3}\n')
    with open_any(path, IMPORTING, jsonl("ts")) as recording:
        batches = recording.batches()
        assert len(next(batches)) == 3
        with pytest.raises(RecordingError, match=r"line 4 cannot be read: it has no field 'ts'"):
            next(batches)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"some text\n", b'{"a":1}\n'])
def test_anything_else_is_not_a_recording(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(NotARecordingError):
        open_any(path, IMPORTING)


def test_a_file_without_a_frame_is_not_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"\n")
    with pytest.raises(NotARecordingError, match="no frame"):
        open_any(path, IMPORTING, jsonl("ts"))


def test_where_times_step_back_a_clock_event_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"t":5}\n{"t":3}\n{"t":4}\n')
    with open_any(path, IMPORTING, jsonl("t")) as recording:
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
        open_any(path, IMPORTING, endpoint="raw")


def test_lines_of_json_get_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"t":5}\n')
    with pytest.raises(NotARecordingError, match="--time-field"):
        open_any(path, IMPORTING)
    path.write_bytes(b'{"feedrec":2}\n')
    with pytest.raises(NotARecordingError, match=r"upgrade feedrec$"):
        open_any(path, IMPORTING)


@packings
def test_lines_of_which_the_first_shows_nothing_get_a_hint(tmp_path: Path, pack: Packing) -> None:
    path = tmp_path / "x"
    path.write_bytes(pack(b'172316125617 {"cut":\n1723161256172210766 {"n":1}\n'))
    with pytest.raises(NotARecordingError, match=r"the first does not show what they are need --input-format$"):
        open_any(path, IMPORTING)
    path.write_bytes(pack(b'{"feedrec":1,"endpo\n'))
    with pytest.raises(NotARecordingError) as damaged:
        open_any(path, IMPORTING)
    assert "--" not in str(damaged.value)


def test_bad_lines_are_passed_over_and_counted_where_asked(tmp_path: Path) -> None:
    """Each reading counts them anew."""
    found: list[tuple[Path, Skipped]] = []
    path = tmp_path / "x"
    path.write_bytes(b'{"t":0}\n{"ts":1}\n\n[]\n' + b'{"t":2}\n' * 1995 + b'{"ts":2}\n')
    importing = IMPORTING._replace(skips_bad=True, on_skipped=lambda *what: found.append(what))
    with open_any(path, importing, jsonl("ts")) as recording:
        for _ in range(2):
            frames = [record for record in recording if isinstance(record, Frame)]
            assert [frame.payload for frame in frames] == [b'{"ts":1}', b'{"ts":2}']
    assert [str(skipped) for _, skipped in found] == [
        "passed over line 1, line 4, line 5, line 6, line 7 and 1,992 more; line 1 because it has no field 'ts'"
    ] * 2
    assert {where for where, _ in found} == {path}


def test_a_last_line_without_line_feed_that_is_whole_but_bad_is_not_taken_for_one_that_is_cut_off(
    tmp_path: Path,
) -> None:
    path, found = tmp_path / "x", list[tuple[Path, Skipped]]()
    path.write_bytes(b'{"ts":1}\n{"t":2}')
    with (
        open_any(path, IMPORTING, jsonl("ts")) as recording,
        pytest.raises(RecordingError, match="line 2 cannot be read: it has no field 'ts'; --skip-bad passes over it"),
    ):
        list(recording)
    importing = IMPORTING._replace(skips_bad=True, on_skipped=lambda *what: found.append(what))
    with open_any(path, importing, jsonl("ts")) as recording:
        assert [record.payload for record in recording if isinstance(record, Frame)] == [b'{"ts":1}']
    assert str(found[0][1]) == "passed over line 2: it has no field 'ts'"


@pytest.mark.parametrize("count", [300, 60_000])
def test_members_of_gzip_behind_one_that_was_cut_off_are_read(tmp_path: Path, count: int) -> None:
    """As a collector leaves them that was killed and appends; of the one that was cut off, what is whole comes."""
    path, found = tmp_path / "x", list[tuple[Path, Skipped]]()
    lines = [b'17231612561722%05d {"n":%d}\n' % (number, number * 7919 % 10007) for number in range(count)]
    first, others = gzip.compress(b"".join(lines)), [gzip.compress(b"".join(lines[at : at + 50])) for at in (100, 150)]
    path.write_bytes(first[:-300] + b"".join(others))
    importing = IMPORTING._replace(on_skipped=lambda *what: found.append(what))
    with open_any(path, importing) as recording:
        _, *records = list(recording)
    kinds = [record.name for record in records if isinstance(record, Event)]
    place = next(number for number, record in enumerate(records) if isinstance(record, Event))
    told = [encode(record) for record in records if isinstance(record, Frame)]
    assert kinds[0] == "damage"
    assert told[:place] == lines[:place]
    assert place > count // 2 - 100
    assert told[place:] == lines[100:200]
    assert f"the end of a gzip member before byte {len(first) - 300}: it is cut off" in f"{found[0][1]}"


def encode(frame: Frame) -> bytes:
    """Give the line that a collector writes of a frame."""
    return b"%d %b\n" % (frame.time, frame.payload)


def test_where_all_lines_are_bad_the_error_says_why(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"t":0}\n')
    with pytest.raises(NotARecordingError, match=r"contains no frame: passed over line 1: .* no field 'ts'"):
        open_any(path, Importing(SECRECY, skips_bad=True), jsonl("ts"))


@packings
@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n", b"\r\n\x1a"])
@pytest.mark.parametrize(
    ("form", "lines"),
    [
        ("tardis", (b'2019-06-01T00:00:01Z {"n":1}', b'2019-06-01T00:00:02Z {"n":2}')),
        ("hftbacktest", (b'1723161256172210766 {"n":1}', b'1723161256172210767 {"n":2}')),
        ("tab", (b'1723161256172210766\t{"n":1}', b'1723161256172210767\t{"n":2}')),
        ("jsonl", (b'{"ts":1,"data":{"n":1}}', b'{"data":"{\\"n\\":2}","ts":2}')),
    ],
)
def test_every_form_of_lines_is_read_however_it_is_packed_marked_and_ended(
    tmp_path: Path, pack: Packing, ending: bytes, form: str, lines: tuple[bytes, bytes]
) -> None:
    """Members of gzip, and frames of zstd, may follow each other, and lines be cut by them."""
    line_feed = b"\r\n" if b"\r" in ending else b"\n"
    text = b"\xef\xbb\xbf" + line_feed.join(lines) + ending
    path = tmp_path / "x"
    path.write_bytes(pack(text[:40]) + pack(text[40:]))
    for make_source in [jsonl("ts", "data")] if form == "jsonl" else [FORMS[form], None]:
        with open_any(path, IMPORTING, make_source) as recording:
            frames = [record.payload for record in recording if isinstance(record, Frame)]
        assert frames == [b'{"n":1}', b'{"n":2}']


@given(
    data=st.binary(),
    start=st.sampled_from([b"", b"1723161256172210766 {}\n", b'{"ts":1}\n', b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]),
)
def test_whatever_the_file_holds_nothing_but_documented_errors_are_raised(data: bytes, start: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(start + data)
        file.flush()
        path = Path(file.name)
        for make_source in (None, *FORMS.values(), jsonl("ts"), jsonl("ts", "data", "dir", "conn")):
            for skips_bad in (False, True):
                importing = Importing(SECRECY, skips_bad)
                with contextlib.suppress(RecordingError), open_any(path, importing, make_source) as recording:
                    list(recording)
