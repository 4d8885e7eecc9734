"""docs/format.md is exact: a reader that was written from it alone, `other_reader`, finds what feedrec finds."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

import feedrec.cli
from feedrec.errors import DamagedRecordingError, NotARecordingError, TruncatedRecordingError
from feedrec.formats import open_recording
from scripts.make_golden import as_json

from . import other_reader
from .timing import HANG_TIMEOUT

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in GOLDEN.glob("*.expected.json"))
DEMO = Path(feedrec.cli.__file__).parent / "demo.jsonl.zst"
SOURCES = [GOLDEN / "everything.jsonl.zst", DEMO]
START = '"time":"2026-11-21T17:00:00.000000000Z","conn":0'
HEADER = '{"feedrec":1,"endpoint":"raw"}'
FRAME = f'{{{START},"dir":"in",'
REQUEST = (
    '{"time":"2026-11-21T17:00:00Z","event":"http","started":"1970-01-01T00:00:00Z",'
    '"method":"GET","url":"","status":200,'
)


def first_reader(path: Path) -> tuple[list[bytes], list[dict[str, Any]], dict[str, Any] | None] | str:
    """Give what feedrec finds: lines, records, damage."""
    lines: list[bytes] = []
    records: list[dict[str, Any]] = []
    try:
        with open_recording(path) as recording:
            lines.append(recording.header_line)
            records.extend(as_json(record) for record in recording)
        with open_recording(path) as recording:
            for batch in recording.batches():
                lines += batch
    except NotARecordingError:
        return "not a recording"
    except DamagedRecordingError as error:
        kind = "truncated" if isinstance(error, TruncatedRecordingError) else "corrupt"
        return [], records, {"kind": kind, "offset": error.offset, "last_time": error.last_time}
    return lines, records, None


def second_reader(path: Path) -> tuple[list[bytes], list[dict[str, Any]], dict[str, Any] | None] | str:
    """Give what the other reader finds, in the same terms."""
    try:
        found = other_reader.read(path)
    except other_reader.NotARecordingError:
        return "not a recording"
    return [] if found.damage else found.lines, found.records, found.damage


@pytest.mark.parametrize("name", NAMES)
def test_the_other_reader_finds_what_is_expected(name: str) -> None:
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text())
    found = other_reader.read(GOLDEN / name)
    assert found.header == expected["header"]
    assert found.records == expected["records"]
    assert found.damage == expected["damage"]
    assert found.index == expected["index"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_both_read_every_format_alike(source: Path, tmp_path: Path) -> None:
    original = first_reader(source)
    assert second_reader(source) == original
    for suffix in (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"):
        path = tmp_path / f"converted{suffix}"
        command = [sys.executable, "-m", "feedrec", "convert", str(source), "-o", str(path)]
        subprocess.run(command, check=True, timeout=HANG_TIMEOUT, capture_output=True)
        assert first_reader(path) == original
        assert second_reader(path) == original


@pytest.mark.parametrize(
    "name", ["everything.jsonl.zst", "everything.jsonl", "everything.jsonl.gz", "everything.parquet"]
)
def test_both_read_a_cut_file_alike(name: str, tmp_path: Path) -> None:
    whole = (GOLDEN / name).read_bytes()
    path = tmp_path / name
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        assert (size, second_reader(path)) == (size, first_reader(path))


@pytest.mark.parametrize("name", ["everything.jsonl.zst", "everything.jsonl.gz", "everything.parquet"])
def test_both_read_a_changed_file_alike(name: str, tmp_path: Path) -> None:
    whole = (GOLDEN / name).read_bytes()
    path = tmp_path / name
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        assert (place, second_reader(path)) == (place, first_reader(path))


def test_a_zstd_block_that_cannot_be_is_damage_there(tmp_path: Path) -> None:
    """Its header has the reserved kind, which is noticed before the frame is unpacked."""
    whole = bytearray((GOLDEN / "everything.jsonl.zst").read_bytes())
    index = other_reader.read(GOLDEN / "everything.jsonl.zst").index
    assert index is not None
    offset = index[1]["offset"]
    whole[offset + 6] |= 0x06  # behind magic number, descriptor and window
    path = tmp_path / "reserved.jsonl.zst"
    path.write_bytes(whole)
    found = first_reader(path)
    assert found == second_reader(path)
    assert found[2] == {"kind": "corrupt", "offset": offset + 6, "last_time": "2026-11-21T17:00:00.000000001Z"}


@pytest.mark.parametrize(
    "line",
    [
        FRAME + '"text":"x","frame":1}',
        FRAME + '"frame":1,"frame":2}',
        FRAME + '"op":"binary","frame":1}',
        FRAME + '"op":"binary","text":"a"}',
        FRAME + '"op":"other","base64":"YQ=="}',
        FRAME + '"base64":"YQ"}',
        FRAME + '"redacted":1,"frame":1}',
        FRAME + '"redacted":false,"frame":1}',
        FRAME + '"frame":NaN}',
        FRAME + '"frame":"\\ud800"}',
        FRAME + '"frame": \t[1 ] , "later":[] } \r',
        FRAME + '"fr\\u0061me":1}',
        FRAME.replace(',"conn":0', "") + '"frame":1}',
        FRAME.replace("2026", "1969") + '"frame":1}',
        FRAME.replace("0Z", "0789-05:30") + '"frame":1}',
        FRAME.replace("T17:00:00.000000000Z", "t17:00:00z") + '"frame":1}',
        FRAME.replace('"in"', '"up"') + '"frame":1}',
        FRAME + '"event":"x","frame":1}',
        f'{{{START},"event":"x","unverified":true,"text":5}}',
        REQUEST + '"body":[ 1.0 ] }',
        REQUEST + '"conn":7,"sent" : {"a":1,  "a":2},"body_text":"\\ud83d\\ude00\\n"}',
        REQUEST + '"body_base64":"/w==","type":"x","headers":{"a":"b"},"redacted":true,"sent_type":""}',
        REQUEST + '"body":1,"body_text":"x","body":2}',
        REQUEST + '"body_text":"x","body_base64":"YQ=="}',
        REQUEST + '"body_base64":"YQ"}',
        REQUEST + '"body_text":7}',
        REQUEST + '"headers":{"a":1}}',
        REQUEST + '"headers":{"a":"1\\r\\n"}}',
        REQUEST + '"headers":{"a b":"1"}}',
        REQUEST + '"type":" x"}',
        REQUEST + '"status":99}',
        REQUEST + '"method":""}',
        REQUEST + '"redacted":"yes"}',
        REQUEST + '"status":200.0}',
        REQUEST + '"started":"now"}',
        REQUEST + '"body":NaN}',
        REQUEST + '"further":[1]}',
        REQUEST.replace("url", "address") + '"body":1}',
        f"{{{START}}}",
        "",
        "[1]",
        '{"feedrec":1,"endpoint":"raw"}',
    ],
)
def test_both_take_the_same_lines(line: str, tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(f'{{"feedrec":1,"endpoint":"raw"}}\n{line}\n{FRAME}"frame":1}}\n', newline="")
    assert second_reader(path) == first_reader(path)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n", b"\r\n\r\n"])
@pytest.mark.parametrize(
    "last",
    ["", "\x1a", "\r", f'{FRAME}"frame":1}}', f'{FRAME}"frame":1}}\r', f'{FRAME}"frame":1', "{}", HEADER, HEADER[:-1]],
)
def test_both_leave_out_the_same_beside_the_lines(mark: bytes, end: bytes, last: str, tmp_path: Path) -> None:
    """It is what checkouts, editors and shells make of line ends; compressed or not."""
    text = mark + end.join([HEADER.encode(), f'{FRAME}"frame":{{}}}}'.encode(), last.encode()])
    found = []
    for pack in (bytes, gzip.compress, zstandard.ZstdCompressor(write_checksum=True).compress):
        path = tmp_path / "lines"
        path.write_bytes(pack(text))
        assert second_reader(path) == first_reader(path)
        found.append(first_reader(path)[:2])
    assert found == [found[0]] * 3


@pytest.mark.parametrize(
    "header",
    [
        '{"feedrec":2,"endpoint":"raw"}',
        '{"feedrec":1.0,"endpoint":"raw"}',
        '{"feedrec":true,"endpoint":"raw"}',
        '{"feedrec":1}',
        '{"feedrec":1,"endpoint":"raw","created":"never"}',
        '{"feedrec":1,"endpoint":"raw","url":5}',
        '{"feedrec":1,"endpoint":"raw","subscriptions":[1]}',
        '{"feedrec":1,"endpoint":"raw","subscriptions":{}}',
        '{ "endpoint" : "raw" , "feedrec" : 1 }',
        ' {"feedrec":1,"endpoint":"raw"}',
        '\ufeff{"feedrec":1,"endpoint":"raw"}',
        "{",
        "",
    ],
)
def test_both_take_the_same_headers(header: str, tmp_path: Path) -> None:
    path = tmp_path / "header.jsonl"
    path.write_text(f"{header}\n", encoding="utf-8")
    assert second_reader(path) == first_reader(path)
