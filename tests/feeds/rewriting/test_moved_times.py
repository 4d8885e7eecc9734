"""Times in frames are moved: in their form, all of them by as much, and nothing else is touched."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import find_feed
from feedrec.feeds.rewriting.moved_times import MovedTimes
from feedrec.feeds.rewriting.time_fields import TimeFields, time_fields_of

from ...shared import SHARED

SAMPLES = SHARED / "samples"
SECOND = 10**9
MINUTE = 60 * SECOND
FIELDS = TimeFields(
    texts=("time", "at"),
    numbers={"ts": 10**6, "time": SECOND},
    starts={"start": SECOND, "ot": 10**6},
    interval=5 * MINUTE,
    rows=True,
)
MOVED = MovedTimes(FIELDS)
_TEXT = re.compile(r"(\d{4}-\d\d-\d\d)([T ])(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d| \+0000 UTC m=\+\d+\.\d+)")


def of(endpoint: str) -> MovedTimes:
    fields = time_fields_of(find_feed(endpoint))
    assert fields is not None
    return MovedTimes(fields)


# A second way to the same result: with parsed JSON, dates of the standard library and exact decimals.


def moved_text(text: str, by: int) -> str:
    found = _TEXT.fullmatch(text)
    if found is None:
        return text
    day, between, clock, decimals, zone = found.groups()
    second = dt.datetime.fromisoformat(f"{day}T{clock}+00:00")
    if second.year < 1970 or day == "1970-01-01":
        return text
    nanoseconds = int((decimals or "").ljust(9, "0")[:9]) + by
    later = second + dt.timedelta(seconds=nanoseconds // SECOND)
    digits = f"{nanoseconds % SECOND:09d}"[: len(decimals or "")] + (decimals or "")[9:]
    return f"{later:%Y-%m-%d}{between}{later:%H:%M:%S}{'.' * bool(decimals)}{digits}{zone}"


def moved_count(value: Any, by: int, unit: int) -> Any:
    count = Decimal(str(value))
    if count * unit < 86_400 * SECOND:
        return value
    places = Decimal(1).scaleb(min(0, int(count.as_tuple().exponent)))
    later = (count + Decimal(by) / unit).quantize(places, rounding=ROUND_FLOOR)
    return str(later) if isinstance(value, str) else type(value)(later)


def moved_value(value: Any, by: int, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: moved_value(inner, by, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [moved_value(inner, by) for inner in value]
    is_count = type(value) is int or (isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value))
    if isinstance(value, str) and not is_count:
        return moved_text(value, by) if key in FIELDS.texts else value
    if is_count and key in FIELDS.starts:
        return moved_count(value, by // FIELDS.interval * FIELDS.interval, FIELDS.starts[key])
    return moved_count(value, by, FIELDS.numbers[key]) if is_count and key in FIELDS.numbers else value


SECONDS = st.integers(0, 4 * 10**9)
FRACTIONS = st.text("0123456789", max_size=11).map(lambda digits: f".{digits}" if digits else "")
TEXTS = st.builds(
    lambda second, between, fraction, zone: (
        f"{dt.datetime.fromtimestamp(second, dt.UTC):%Y-%m-%d{between}%H:%M:%S}{fraction}{zone}"
    ),
    SECONDS,
    st.sampled_from("T "),
    FRACTIONS,
    st.sampled_from(["Z", "+02:00", "-11:30", " +0000 UTC m=+41691.260485341"]),
)
COUNTS = st.integers(10**9, 4 * 10**9) | st.integers(10**12, 4 * 10**12) | st.integers(0, 1000)
DECIMAL_TEXTS = st.builds(
    lambda count, part: f"{count}.{part:06d}", SECONDS.filter(lambda s: s > 10**9), st.integers(0, 10**6 - 1)
)
OTHERS = (
    st.none()
    | st.booleans()
    | st.text(max_size=12)
    | st.sampled_from(['\\"time":"', '"time":"2026-08-09T21:05:48Z"', "time"])
)
VALUES = TEXTS | COUNTS | COUNTS.map(str) | DECIMAL_TEXTS | OTHERS
KEYS = st.sampled_from(["time", "at", "ts", "start", "ot", "price", 'x"time', "time\\"])
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        VALUES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
    ),
    max_size=5,
)
BYS = st.integers(-(10**17), 10**18)


def has_room(value: Any, by: int, key: str = "") -> bool:
    """Whether no number changes how many digits it has, and no text its century: those stay, see below."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else [("", inner) for inner in value]
        return all(has_room(inner, by, name) for name, inner in items)
    later = moved_value(value, by, key)
    return len(str(later)) == len(str(value)) and not str(later).startswith("-") and not str(later).startswith("19")


@given(DOCUMENTS, BYS, st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")]))
def test_times_are_moved_as_in_the_parsed_document(document: Any, by: int, separators: tuple[str, str]) -> None:
    text = json.dumps(document, separators=separators, ensure_ascii=False).encode()
    if not has_room(document, by):
        return
    later = MOVED.moved(text, by)
    assert json.loads(later) == moved_value(document, by)
    assert len(later) == len(text)
    assert MOVED.moved(text, 0) == text


@given(st.binary(max_size=200), BYS)
def test_no_bytes_are_too_odd(payload: bytes, by: int) -> None:
    assert len(MOVED.moved(payload, by)) == len(payload)


@given(
    st.lists(TEXTS | OTHERS.filter(lambda one: not isinstance(one, str)), min_size=1, max_size=5),
    st.integers(0, 10**18),
)
def test_every_time_in_a_row_is_moved(row: list[Any], by: int) -> None:
    expected = [moved_text(one, by) if isinstance(one, str) else one for one in row]
    assert json.loads(MOVED.moved(json.dumps(row).encode(), by)) == expected


@pytest.mark.parametrize(
    "value",
    [
        b'"0001-01-01T00:00:00Z"',
        b'"1970-01-01T00:00:00Z"',
        b'"9999-12-31T23:59:59Z"',
        b'"2026-13-01T00:00:00Z"',
        b'"2026-08-09T21:05:48"',
        b'"2026-08-09"',
        b'"soon"',
        b"null",
        b"0",
        b"9999999999",
        b"1.7e9",
        b"-1700000000",
    ],
)
def test_what_is_no_time_or_has_no_room_stays(value: bytes) -> None:
    payload = b'{"time":%b,"price":"1"}' % value
    assert MOVED.moved(payload, 10**18) == payload


def test_times_that_begin_alike_are_told_apart() -> None:
    payload = b'[{"at":"2026-08-09T21:05:48.1Z"},{"at":"2026-08-09T21:05:48.12Z"},{"at":"2026-08-09T21:05:48.1Z"}]'
    expected = payload.replace(b"48.1", b"50.6").replace(b"50.62", b"50.62")
    assert MOVED.moved(b'{"of":%b}' % payload, 2_500_000_000) == b'{"of":%b}' % expected


def test_a_long_snapshot_has_all_its_times_moved() -> None:
    level = b'{"side":"bid","event_time":"2026-08-09T21:05:48.170326Z","price_level":"1","new_quantity":"2"}'
    payload = b'{"channel":"l2_data","timestamp":"2026-08-09T21:05:49Z","events":[%b]}' % b",".join([level] * 2000)
    later = of("coinbase-advanced").moved(payload, 3600 * SECOND)
    assert later == payload.replace(b"T21:", b"T22:")


def test_candles_begin_at_whole_intervals_and_not_later_than_now() -> None:
    payload = (
        b'{"channel":"candles","timestamp":"2026-08-09T21:05:48Z","events":[{"candles":[{"start":"1786309500"}]}]}'
    )
    later = json.loads(of("coinbase-advanced").moved(payload, 1799 * SECOND))
    assert later["events"][0]["candles"][0]["start"] == str(1786309500 + 1500)
    kline = b'{"params":{"interval":"1m"},"data":{"ot":1778649420000,"ts":1778649421000},"ts":1778649423000}'
    moved = json.loads(of("coinmarketcap").moved(kline, 119 * SECOND))
    assert (moved["data"]["ot"], moved["data"]["ts"], moved["ts"]) == (1778649480000, 1778649540000, 1778649542000)


def test_a_heartbeat_as_go_prints_it_keeps_its_uptime() -> None:
    payload = b'{"events":[{"current_time":"2026-08-09 21:05:48.854840045 +0000 UTC m=+41691.260485341"}]}'
    expected = payload.replace(b"21:05:48.854840045", b"21:05:49.954840145")
    assert of("coinbase-advanced").moved(payload, 1_100_000_100) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'{"type":"activate","timestamp":"1483736448.299000"}',
            b'{"type":"activate","timestamp":"1483736450.800000"}',
        ),
        (b'["open","BTC-USD","57560479456","2023-03-28T23:24:03.185394Z"]', None),
        (b'{"type":"l2update","changes":[["buy","1","2"]],"time":"2019-08-14T20:42:27.265Z"}', None),
        (b'{"type":"balance","updated":"2023-10-10T20:42:27.265Z","timestamp":"2023-10-10T20:42:29.265Z"}', None),
    ],
)
def test_the_forms_of_coinbase_exchange(line: bytes, expected: bytes | None) -> None:
    later = of("coinbase-exchange").moved(line, 2_501_000_000)
    if expected is not None:
        assert later == expected
    else:
        assert len(later) == len(line)
        assert later != line
        assert re.findall(rb"2\d\.265Z|03\.185", later) == []


def test_a_venue_that_says_nothing_has_no_times() -> None:
    assert time_fields_of(find_feed("raw")) is None


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(
    ("endpoint", "name"),
    [("coinbase-exchange", "exchange_docs_frames.jsonl"), ("coinmarketcap", "cmc_frames.jsonl")],
)
def test_no_text_of_the_year_is_left_in_the_frames_of_a_venue(endpoint: str, name: str) -> None:
    moved, years = of(endpoint), 40 * 366 * 86_400 * SECOND
    for line in (SAMPLES / name).read_bytes().splitlines():
        payload = json.loads(line).get("frame", "").encode() if endpoint == "coinmarketcap" else line
        later = moved.moved(payload, years)
        assert len(later) == len(payload)
        assert re.findall(rb"20[0-3]\d-\d\d-\d\dT|\b17\d{11}\b|\b1483736448\b", later) == [], payload
