"""Lines as rows and back: nothing is lost, and the columns say what the lines say."""

from __future__ import annotations

import pytest
from hypothesis import example, given

from feedrec.errors import LineError
from feedrec.formats.line.codec import decode_line, encode_frame
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream.parquet_rows import Row, line_of, row_of
from feedrec.model import Event, Frame, FrameInfo

from .parquet_lines import START, encode, lines


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
