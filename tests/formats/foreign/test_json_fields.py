"""Fields of lines of JSON, and their times."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.foreign.json_fields import fields_of, find, nanoseconds_of, time_of
from feedrec.model import format_time, parse_time


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
        (b"1559347228.999999999999999999999999999999", 1559347228999999999),
    ],
)
def test_the_size_of_a_number_tells_its_unit(value: bytes, time: int) -> None:
    assert time_of(value, "t") == time


@given(st.integers(10**17, 4 * 10**18))
def test_no_nanosecond_is_lost(time: int) -> None:
    seconds, rest = divmod(time, 10**9)
    assert time_of(b"%d" % time, "t") == time
    assert time_of(b"%d.%09d" % (seconds, rest), "t") == time
    assert time_of(b'"%b"' % format_time(time).encode(), "t") == time


@given(st.text(st.characters(codec="utf-8")))
def test_a_text_that_is_no_time_is_one_error(text: str) -> None:
    with contextlib.suppress(LineError):
        assert time_of(text.encode(), "t") >= 0


def test_a_field_that_is_not_there_is_named_with_its_parents() -> None:
    fields = fields_of(b'{"a":{"b":[1, 2]},"c":3}')
    assert find(fields, "a.b") == b"[1, 2]"
    for path in ("a.c", "a.b.c", "c.d", "d"):
        with pytest.raises(LineError, match=f"no field '{path}'"):
            find(fields, path)


@pytest.mark.parametrize(("text", "time"), [(b"7", 7), (b"1795280520127565020", 1_795_280_520_127_565_020), (b"0", 0)])
def test_a_whole_number_of_nanoseconds_is_that_however_small_it_is(text: bytes, time: int) -> None:
    assert nanoseconds_of(text, "t") == time


def test_any_other_text_of_nanoseconds_is_a_time_as_elsewhere() -> None:
    assert nanoseconds_of(b'"1970-01-01T00:00:01Z"', "t") == 1_000_000_000
    with pytest.raises(LineError, match="its field 't' is not a time"):
        nanoseconds_of(b"9" * 25, "t")
