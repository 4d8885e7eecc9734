"""Lines of JSON as records."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.foreign.json_lines import EnvelopeFields, JsonlLines
from feedrec.model import Event, Frame, Record

from .secrecy import SECRECY

SECOND = 10**9


def lines_of(*names: str | None) -> JsonlLines:
    return JsonlLines(EnvelopeFields(*names), SECRECY)  # type: ignore[arg-type]


def read(reader: JsonlLines, *lines: bytes) -> list[Record]:
    return [record for line in lines for record in reader(line)]


def frames(reader: JsonlLines, *lines: bytes) -> list[Frame]:
    return [record for record in read(reader, *lines) if isinstance(record, Frame)]


@pytest.mark.parametrize(
    ("field", "line"),
    [("data.ts", b'{"data":{"ts":7}}'), ("data.ts", b'{"data.ts":7}'), ("a.b.c", b'{"a":{"b.c":7}}')],
)
def test_a_field_is_found_by_its_path(field: str, line: bytes) -> None:
    assert read(lines_of(field), b"", line + b"\r") == [Event(7 * 10**9, 0, "open"), Frame(7 * 10**9, 0, line)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{}", "no field 'a.b'"),
        (b'{"a":1}', "no field 'a.b'"),
        (b"[]", "not a JSON object"),
        (b'{"a":', "not a JSON object"),
        (b'{"a":{"b":null}}', "is not a time"),
        (b'{"a":{"b":-5}}', "is not a time"),
        (b'{"a":{"b":"soon"}}', "is not a time"),
        (b'{"a":{"b":1e40}}', "is not a time"),
        (b'{"a":{"b":{}}}', "is not a time"),
    ],
)
def test_a_line_without_a_time_is_refused(line: bytes, reason: str) -> None:
    with pytest.raises(LineError, match=reason):
        lines_of("a.b")(line)


@pytest.mark.parametrize(
    ("written", "payload"),
    [
        (b'"{\\"a\\": 1}"', b'{"a": 1}'),
        (b'"\\u00e9\\n"', "é\n".encode()),
        (b'""', b""),
        (b'{"a" : [1, 2.50]}', b'{"a" : [1, 2.50]}'),
        (b"[1e5]", b"[1e5]"),
        (b"1.50", b"1.50"),
        (b"false", b"false"),
    ],
)
def test_a_payload_is_the_text_of_a_string_and_any_other_value_as_it_stands(written: bytes, payload: bytes) -> None:
    assert [frame.payload for frame in frames(lines_of("ts", "data"), b'{"ts":7, "data": %b }' % written)] == [payload]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_comes_back(text: str) -> None:
    line = json.dumps({"a": {"data": text}, "ts": 7}).encode()
    assert frames(lines_of("ts", "a.data"), line)[0].payload == text.encode()


def test_directions_and_connections_are_told_in_the_words_of_other_tools() -> None:
    """As the lines of cryptofeed 3 do; a connection that is opened again has another number."""
    reader = lines_of("ts", "data", "t", "conn")
    lines = (
        b'{"t":"connect","conn":"A","ts":1,"addr":"wss://x.example/ws?token=123"}',
        b'{"t":"send","conn":"A","ts":2,"data":"{\\"op\\":\\"subscribe\\"}"}',
        b'{"t":"RECV","conn":7,"ts":3,"data":"1"}',
        b'{"t":"recv","conn":"A","ts":4,"data":"2"}',
        b'{"t":"connect","conn":"A","ts":5,"data":"no address"}',
        b'{"t":"<","conn":"A","ts":6,"data":"3"}',
        b'{"t":"closed","conn":"A","ts":7}',
        b'{"t":"closed","conn":"A","ts":7}',
        b'{"t":"in","conn":"A","ts":8,"data":"4"}',
    )
    lost = {"code": 1006, "reason": ""}
    assert read(reader, *lines) == [
        Event(1 * SECOND, 0, "open", {"url": "shown: wss://x.example/ws?token=123"}),
        Frame(2 * SECOND, 0, b'{"op":"subscribe"}', "out"),
        Event(3 * SECOND, 1, "open"),
        Frame(3 * SECOND, 1, b"1"),
        Frame(4 * SECOND, 0, b"2"),
        Event(5 * SECOND, 0, "close", lost),
        Event(5 * SECOND, 2, "open"),
        Frame(6 * SECOND, 2, b"3"),
        Event(7 * SECOND, 2, "close", lost),
        Event(8 * SECOND, 3, "open"),
        Frame(8 * SECOND, 3, b"4"),
    ]


def test_what_was_sent_is_without_its_secrets() -> None:
    reader = lines_of("ts", "data", "dir")
    sent, received = (b'{"ts":1,"dir":"%b","data":{"secret":1}}' % way for way in (b"out", b"in"))
    assert frames(reader, sent, received) == [
        Frame(SECOND, 0, b'{"shown":1}', "out", redacted=True),
        Frame(SECOND, 0, b'{"secret":1}'),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"ts":1,"dir":"in"}', "it has no field 'data'"),
        (b'{"ts":1,"dir":"in","data":null}', "its field 'data' is null"),
        (b'{"ts":1,"dir":"in","data":"\\ud800"}', "not a JSON object"),
        (b'{"ts":1,"dir":"in","data":"\xff"}', "its field 'data' is not valid Unicode text"),
        (b'{"ts":1,"data":1}', "it has no field 'dir'"),
        (b'{"ts":1,"data":1,"dir":"http"}', "field 'dir' is no direction: .http. is neither in"),
        (b'{"ts":1,"data":1,"dir":true}', "its field 'dir' is no direction"),
        (b'{"ts":1,"data":1,"dir":"in"', "not a JSON object"),
    ],
)
def test_an_envelope_that_lacks_something_is_refused(line: bytes, reason: str) -> None:
    with pytest.raises(LineError, match=reason):
        lines_of("ts", "data", "dir")(line)


def test_a_line_that_is_refused_opens_no_connection() -> None:
    reader = lines_of("ts", "data", None, "conn")
    with pytest.raises(LineError, match="no field 'data'"):
        reader(b'{"ts":1,"conn":"A"}')
    assert [record.conn for record in read(reader, b'{"ts":1,"conn":"B","data":1}')] == [0, 0]


@given(st.binary())
def test_nothing_but_the_documented_error_is_raised(line: bytes) -> None:
    for names in (("ts",), ("a.b", "data", "dir", "conn")):
        for text in (line, b'{"a":{"b":1},"ts":1,"data":"%b","dir":"in","conn":1}' % line):
            with contextlib.suppress(LineError):
                lines_of(*names)(text)
