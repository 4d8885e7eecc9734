"""Lines of other tools as records."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.tools.foreign_lines import HftbacktestLines, JsonlLines, LineReader, TardisLines, reader_of
from feedrec.model import Event, Frame, Record, format_time, parse_time

TIME = "2019-06-01T00:00:28.6199940Z"
NANOSECONDS = parse_time(TIME)


def read(reader: LineReader, *lines: bytes) -> list[Record]:
    return [record for line in lines for record in reader(line)]


def frame_time(reader: LineReader, line: bytes) -> int:
    (time,) = [record.time for record in reader(line) if isinstance(record, Frame)]
    return time


def test_a_line_of_tardis_is_a_time_and_a_payload() -> None:
    payload = b'{"a": "b c" , "d":1}'
    assert read(TardisLines(), TIME.encode() + b" " + payload) == [
        Event(NANOSECONDS, 0, "open"),
        Frame(NANOSECONDS, 0, payload),
    ]


def test_an_empty_line_of_tardis_is_a_lost_connection() -> None:
    line = TIME.encode() + b" {}"
    records = read(TardisLines(), b"", line, b"", b"", line + b"\r")
    assert [(type(record), record.conn) for record in records] == [
        (Event, 0),
        (Frame, 0),
        (Event, 0),
        (Event, 1),
        (Frame, 1),
    ]
    assert records[2] == Event(NANOSECONDS, 0, "close", {"code": 1006, "reason": ""})
    assert isinstance(records[-1], Frame)
    assert records[-1].payload == b"{}"


def test_a_line_of_hftbacktest_is_nanoseconds_and_a_payload() -> None:
    """As its collector writes them; payloads stay as they are, and blank lines mean nothing."""
    lines = b'1723161256172210766 {"a": 1}', b"", b"1723161256188217466  no json \r"
    assert read(HftbacktestLines(), *lines) == [
        Event(1723161256172210766, 0, "open"),
        Frame(1723161256172210766, 0, b'{"a": 1}'),
        Frame(1723161256188217466, 0, b" no json "),
    ]
    with pytest.raises(LineError, match="nanoseconds since 1970"):
        HftbacktestLines()(b"1723161256 {}")


def test_the_first_line_tells_who_wrote_them() -> None:
    assert reader_of(TIME.encode() + b" {}") is TardisLines
    assert reader_of(b"1723161256172210766 {}") is HftbacktestLines
    assert reader_of(b"1723161256172 {}") is None


def test_times_that_step_back_are_kept() -> None:
    first, second = "2019-06-01T00:00:02Z", "2019-06-01T00:00:01Z"
    records = read(TardisLines(), f"{first} {{}}".encode(), f"{second} {{}}".encode())
    assert [record.time for record in records] == [parse_time(first), parse_time(first), parse_time(second)]


@pytest.mark.parametrize("line", [b"{}", b"yesterday {}", b"2019-06-01 {}", b"\xff {}"])
def test_other_lines_than_those_of_tardis_are_refused(line: bytes) -> None:
    assert reader_of(line) is None
    with pytest.raises(LineError, match="does not begin with a time"):
        TardisLines()(line)


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (b"1559347228", 1559347228 * 10**9),
        (b"1559347228.619994001", 1559347228619994001),
        (b"1559347228619", 1559347228619 * 10**6),
        (b"1559347228619.994", 1559347228619994000),
        (b"1559347228619994", 1559347228619994 * 10**3),
        (b"1559347228619994001", 1559347228619994001),
        (b'"1559347228619"', 1559347228619 * 10**6),
        (b"1.559347228e9", 1559347228 * 10**9),
        (b'"2019-06-01T02:00:28.619994001+02:00"', parse_time("2019-06-01T00:00:28.619994001Z")),
        (b"0", 0),
    ],
)
def test_the_size_of_a_number_tells_its_unit(value: bytes, time: int) -> None:
    assert frame_time(JsonlLines("t"), b'{"t":%b}' % value) == time


@given(st.integers(10**17, 4 * 10**18))
def test_no_nanosecond_is_lost(time: int) -> None:
    seconds, rest = divmod(time, 10**9)
    assert frame_time(JsonlLines("t"), b'{"t":%d}' % time) == time
    assert frame_time(JsonlLines("t"), b'{"t":%d.%09d}' % (seconds, rest)) == time
    assert frame_time(JsonlLines("t"), b'{"t":"%b"}' % format_time(time).encode()) == time


@pytest.mark.parametrize(
    ("field", "line"),
    [("data.ts", b'{"data":{"ts":7}}'), ("data.ts", b'{"data.ts":7}'), ("a.b.c", b'{"a":{"b.c":7}}')],
)
def test_a_field_is_found_by_its_path(field: str, line: bytes) -> None:
    assert read(JsonlLines(field), b"", line + b"\r") == [Event(7 * 10**9, 0, "open"), Frame(7 * 10**9, 0, line)]


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
        JsonlLines("a.b")(line)
