"""Lines that begin with a time, as records."""

from __future__ import annotations

import pytest

from feedrec.errors import LineError
from feedrec.formats.foreign.line_source import LineReader
from feedrec.formats.foreign.timed_lines import HftbacktestLines, TabLines, TardisLines, reader_of
from feedrec.model import Event, Frame, Record, parse_time

TIME = "2019-06-01T00:00:28.6199940Z"
NANOSECONDS = parse_time(TIME)


def read(reader: LineReader, *lines: bytes) -> list[Record]:
    return [record for line in lines for record in reader(line)]


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


def test_a_tab_may_stand_in_place_of_the_space() -> None:
    """The payload may have others."""
    assert read(TabLines(), b'1723161256172210766\t{"a":\t1}\r', b"") == [
        Event(1723161256172210766, 0, "open"),
        Frame(1723161256172210766, 0, b'{"a":\t1}'),
    ]
    with pytest.raises(LineError, match="and a tab"):
        TabLines()(b"1723161256172210766 {}")


@pytest.mark.parametrize(
    ("payload", "is_whole"), [(b'{"a":1}', True), (b'"x"', True), (b"12", False), (b'{"a":"b"', False)]
)
def test_a_payload_that_has_an_end_shows_that_its_line_is_whole(payload: bytes, *, is_whole: bool) -> None:
    assert TabLines().is_whole(b"1723161256172210766\t" + payload) == is_whole
    assert TardisLines().is_whole(TIME.encode() + b" " + payload) == is_whole


def test_the_first_line_tells_who_wrote_them() -> None:
    assert reader_of(TIME.encode() + b" {}") is TardisLines
    assert reader_of(b"1723161256172210766 {}") is HftbacktestLines
    assert reader_of(b"1723161256172210766\t{}") is TabLines
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
