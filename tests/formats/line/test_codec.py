"""Lines: payloads verbatim, and nothing but LineError for what is no line."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedrec.errors import LineError
from feedrec.formats.line.codec import (
    decode_header,
    decode_line,
    encode_event,
    encode_frame,
    encode_header,
    encode_received,
    line_time,
)
from feedrec.formats.line.payload.verbatim import MAX_NESTING, is_json
from feedrec.formats.stream.protocols import MAX_LINE
from feedrec.model import Event, Frame, Header, format_time
from feedrec.recorder.connection import MAX_MESSAGE

TIME = 1_795_280_400_123_456_789
TIME_TEXT = "2026-11-21T17:00:00.123456789Z"

times = st.integers(0, 253402300800 * 10**9 - 1)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
json_values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
json_texts = st.builds(
    lambda value, ascii_only, indent, separators: json.dumps(
        value, ensure_ascii=ascii_only, indent=indent, separators=separators
    ).encode("utf-8", "surrogatepass"),
    json_values,
    st.booleans(),
    st.sampled_from([None, 2, "\t"]),
    st.sampled_from([(",", ":"), (", ", ": "), (" ,\r\n", " :")]),
)
nearly_json = st.text('[]{}",:\\ \t\n\r\x00\x1f\x7f0123456789eE+-.truefalsn\u00e9\u2028\U0001f600d8c').map(str.encode)
payloads = st.binary() | json_texts | nearly_json | st.text().map(str.encode)
frames = st.builds(
    Frame,
    time=times,
    conn=st.integers(0, 2**31),
    payload=payloads,
    direction=st.sampled_from(["in", "out"]),
    binary=st.booleans(),
    redacted=st.booleans(),
)


def encode(payload: bytes, *, binary: bool = False) -> bytes:
    return encode_frame(Frame(TIME, 0, payload, binary=binary))


@given(frames)
@example(Frame(0, 0, b""))
@example(Frame(0, 0, b"", binary=True))
@example(Frame(0, 0, b"null"))
@example(Frame(0, 0, rb'{"a":"\ud83d"}'))
@example(Frame(0, 0, rb'"\udc00"'))
@example(Frame(0, 0, b'"\xff"'))
@example(Frame(0, 0, b'"\xed\xa0\x80"'))
@example(Frame(0, 0, b"\xef\xbb\xbf{}"))
@example(Frame(0, 0, b'{"a":1}\n'))
@example(Frame(0, 0, b'{"a":1} '))
@example(Frame(0, 0, b'"\x00"'))
def test_a_frame_survives_the_round_trip(frame: Frame) -> None:
    assert decode_line(encode_frame(frame)) == frame


@given(frames)
def test_a_line_is_one_line_of_valid_json_with_the_payload_as_its_last_key(frame: Frame) -> None:
    line = encode_frame(frame)
    assert line.splitlines() == [line]
    assert list(json.loads(line))[-1] in ("frame", "text", "base64")


@given(json_texts | nearly_json)
def test_a_payload_that_stands_in_its_line_means_there_what_it_meant_alone(payload: bytes) -> None:
    fields = json.loads(encode(payload))
    if "frame" in fields:
        assert repr(fields["frame"]) == repr(json.loads(payload))
    elif "text" in fields:
        assert fields["text"].encode() == payload


@given(json_values.map(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode()))
def test_compact_json_stands_in_its_line_byte_for_byte(payload: bytes) -> None:
    if b"\\ud" in payload:  # a surrogate may be half of a pair: either form is right
        return
    assert encode(payload).endswith(b',"frame":' + payload + b"}")


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b'{"a": [1, 2.50],  "b":1e999}', "frame"),
        (b'{"b":1,"a":2,"b":3}', "frame"),
        ('{"a":"\u00e9\u2028"}'.encode(), "frame"),
        (b'"\x7f"', "frame"),
        (b"plain", "text"),
        (b"", "text"),
        (b" {}", "text"),
        (b"{}\n", "text"),
        (b"{} ", "text"),
        (b'{"a":\n1}', "text"),
        (b'{"a":\t1}', "text"),
        (b"\x01", "base64"),
        (b"ab\x01cdefghijklmno", "text"),
        (b'"\n', "text"),
        (b'"\n"', "base64"),
        (b"\xef\xbb\xbf{}", "text"),
        (b"01", "text"),
        (b"NaN", "text"),
        (b"-Infinity", "text"),
        (b"[1,]", "text"),
        (b'"\xff"', "base64"),
        (b'"\xed\xa0\x80"', "base64"),
    ],
)
def test_what_a_payload_is_decides_its_key(payload: bytes, key: str) -> None:
    assert list(json.loads(encode(payload)))[-1] == key


def test_a_binary_message_is_base64_even_if_it_holds_json() -> None:
    assert encode(b"{}", binary=True).endswith(b'"op":"binary","base64":"e30="}')


def depth_of(value: Any) -> int:
    """Count levels the plain, recursive way."""
    if isinstance(value, dict):
        return 1 + max((depth_of(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((depth_of(inner) for inner in value), default=0)
    return 0


@st.composite
def deep_values(draw: st.DrawFn) -> Any:
    """Make values that nest about as deep as a line allows, with brackets inside their strings."""
    strings = st.text('[]{}"\\,:a\u00e9', max_size=6)
    value: Any = draw(strings)
    for _ in range(draw(st.integers(MAX_NESTING - 4, MAX_NESTING + 3))):
        shape = draw(st.integers(0, 3))
        value = [[value], {draw(strings): value}, [draw(strings), value, []], {"a": draw(strings), "z": value}][shape]
    return value


@given(deep_values(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_a_payload_stands_in_its_line_if_it_nests_less_than_the_limit(value: Any, separators: tuple[str, str]) -> None:
    payload = json.dumps(value, separators=separators).encode()
    line = encode(payload)
    assert (b',"frame":' in line) == (depth_of(value) < MAX_NESTING)
    assert decode_line(line) == Frame(TIME, 0, payload)


@given(st.text('[]{}"\\,:a\u00e9'), st.integers(0, 300))
def test_brackets_inside_strings_do_not_nest(text: str, more: int) -> None:
    payload = json.dumps([text + "[{" * more, {"]": text}], separators=(",", ":"), ensure_ascii=False).encode()
    assert encode(payload).endswith(b',"frame":' + payload + b"}")


def test_many_brackets_that_do_not_nest_deep_stand_in_their_line() -> None:
    payload = json.dumps([[[]] for _ in range(5000)], separators=(",", ":")).encode()
    assert b',"frame":' in encode(payload)


def test_nesting_beyond_any_parser_goes_to_text() -> None:
    payload = b"[" * 200_000 + b"]" * 200_000
    line = encode(payload)
    assert b',"text":' in line
    assert decode_line(line) == Frame(TIME, 0, payload)


event_details = st.dictionaries(
    st.text() | st.sampled_from(["dir", "op", "frame", "text", "base64", "redacted"]), json_values, max_size=5
).filter(lambda details: not {"time", "conn", "event"} & details.keys())


@given(st.builds(Event, time=times, conn=st.integers(0, 2**31), name=st.text(), details=event_details))
def test_an_event_survives_the_round_trip_whatever_its_keys(event: Event) -> None:
    assert decode_line(encode_event(event)) == event


@given(st.none() | st.integers(0, 9), st.dictionaries(st.text(), st.integers() | st.text()), st.binary() | st.none())
def test_a_body_at_the_end_of_an_event_stands_there_as_the_encoder_would_write_it(
    conn: int | None, details: dict[str, Any], body: bytes | None
) -> None:
    details = details if body is None else {**details, "body": msgspec.Raw(body)}
    others = {key: value for key, value in details.items() if key not in {"time", "conn", "event"}}
    fields = {"time": format_time(TIME), **({} if conn is None else {"conn": conn}), "event": "http", **others}
    assert encode_event(Event(TIME, conn, "http", details)) == msgspec.json.encode(fields)


def test_details_of_an_event_cannot_take_the_place_of_its_own_keys() -> None:
    line = encode_event(Event(TIME, 0, "gap", {"time": "never", "expected": 3}))
    assert decode_line(line) == Event(TIME, 0, "gap", {"expected": 3})


headers = st.builds(
    Header,
    endpoint=st.text(),
    url=st.text(),
    created=times,
    software=st.text(),
    subscriptions=st.lists(st.dictionaries(st.text(), json_values, max_size=3), max_size=3),
    extra=st.dictionaries(st.text() | st.just("extra"), json_values, max_size=3).filter(
        lambda extra: not {"feedrec", "endpoint", "url", "created", "software", "subscriptions"} & extra.keys()
    ),
)


@given(headers)
def test_a_header_survives_the_round_trip(header: Header) -> None:
    line = encode_header(header)
    assert line.splitlines() == [line]
    assert decode_header(line) == header


def test_a_header_needs_no_more_than_version_and_endpoint() -> None:
    assert decode_header(b'{"endpoint":"raw","feedrec":1}') == Header("raw")


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"", "not a recording header"),
        (b"[]", "not a recording header"),
        (b'{"endpoint":"raw"}', 'no "feedrec"'),
        (b'{"feedrec":2,"endpoint":"raw"}', "version 2, but this feedrec reads version 1: upgrade feedrec"),
        (b'{"feedrec":1}', "invalid header"),
        (b'{"feedrec":1,"endpoint":"raw","created":5}', "invalid header"),
        (b'{"feedrec":1,"endpoint":"raw","subscriptions":{}}', "invalid header"),
        (b'{"feedrec":1,"endpoint":"\xff"}', "not a recording header"),
    ],
)
def test_a_header_that_cannot_be_read_says_why(line: bytes, text: str) -> None:
    with pytest.raises(LineError, match=text):
        decode_header(line)


@given(frames, st.sampled_from([False, True]), st.sampled_from([(",", ":"), (", ", ": ")]), st.randoms())
def test_a_line_that_another_tool_rewrote_is_still_read(
    frame: Frame, sort_keys: Any, separators: tuple[str, str], random: Any
) -> None:
    fields = json.loads(encode_frame(frame))
    shuffled = dict(random.sample(list(fields.items()), len(fields)))
    record = decode_line(json.dumps(shuffled, sort_keys=sort_keys, separators=separators).encode())
    assert isinstance(record, Frame)
    assert (record.time, record.conn, record.direction, record.binary, record.redacted) == (
        (frame.time, frame.conn, frame.direction, frame.binary, frame.redacted)
    )
    if "frame" in fields:
        assert repr(json.loads(record.payload)) == repr(json.loads(json.dumps(fields["frame"], sort_keys=sort_keys)))
    else:
        assert record.payload == frame.payload


def test_white_space_around_a_payload_is_not_part_of_it() -> None:
    line = f' {{ "frame" : {{"a": 1}} , "dir" : "in", "time" : "{TIME_TEXT}" , "unknown": [1] , "conn" : 3 }} '.encode()
    assert decode_line(line) == Frame(TIME, 3, b'{"a": 1}')


def around(middle: bytes) -> bytes:
    return b'{"time":"%b","conn":0,%b}' % (TIME_TEXT.encode(), middle)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"{}",
        around(b'"dir":"in"'),
        around(b'"dir":"up","frame":1'),
        around(b'"frame":1'),
        around(b'"dir":"in","base64":"?"'),
        around(b'"dir":"in","base64":"e30"'),
        around(b'"dir":"in","base64":"\xc3\xa9"'),
        around(b'"dir":"in","text":"\xff"'),
        around(rb'"dir":"in","text":"\ud800"'),
        around(b'"dir":"in","text":5'),
        around(b'"event":5'),
        around(b'"event":"\xff"'),
        around(b'"event":"x","a":"\xff"'),
        around(b'"event":"x","\xff":1'),
        around(b'"event":"x","a":1e999'),
        around(b'"event":"x","a":' + b"[" * 100_000 + b"]" * 100_000),
        b'{"time":"never","conn":0,"event":"x"}',
        b'{"time":5,"conn":0,"event":"x"}',
        b'{"conn":0,"event":"x"}',
    ],
)
def test_an_invalid_line_is_a_line_error(line: bytes) -> None:
    with pytest.raises(LineError, match="not a line of a recording") as caught:
        decode_line(line)
    assert len(str(caught.value).splitlines()) == 1


@st.composite
def broken_lines(draw: st.DrawFn) -> bytes:
    """Make a good line with a few of its bytes replaced, removed or inserted."""
    event = Event(TIME, 0, "gap", {"expected": 3, "text": 5})
    line = bytearray(draw(frames.map(encode_frame) | st.just(encode_event(event)) | headers.map(encode_header)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(line)))
        line[start : start + draw(st.integers(0, 3))] = draw(st.binary(max_size=2))
    return bytes(line)


@given(st.binary() | nearly_json | broken_lines())
def test_any_bytes_are_a_line_or_a_line_error(line: bytes) -> None:
    for decode in (decode_line, decode_header):
        try:
            decode(line)
        except LineError as error:
            assert str(error)  # noqa: PT017  the point is that no other error comes
    time = line_time(line)
    assert time is None or time


@given(frames)
def test_the_time_of_a_line_is_read_without_its_payload(frame: Frame) -> None:
    assert line_time(encode_frame(frame)) == format_time(frame.time)


@given(st.binary(max_size=60) | st.sampled_from([b"{}", b'{"a":1}', b"[1]", b" [1]"]), st.booleans())
def test_a_received_frame_is_written_as_any_other(payload: bytes, binary: object) -> None:
    frame = Frame(7, 3, payload, "in", bool(binary))
    parses = is_json(payload)
    assert encode_received(7, 3, payload, binary=bool(binary), parses=parses) == encode_frame(frame, parses=parses)


hard_texts = st.text('"\\\x00\x01\n\ta\u00e9\U0001f600', min_size=1)


@given(hard_texts.map(str.encode), st.booleans())
def test_text_is_base64_where_its_json_string_is_longer(payload: bytes, is_in: object) -> None:
    """Read as a frame or written as one, plainly or fast: it is the same line, and the same message."""
    frame = Frame(7, 3, payload, "in" if is_in else "out")
    line = encode_frame(frame)
    key = list(json.loads(line))[-1]
    if key != "frame":
        escaped = json.dumps(payload.decode(), ensure_ascii=False).encode()
        assert (key == "base64") == (len(escaped) - 2 > (len(payload) + 2) // 3 * 4)
    assert decode_line(line) == frame
    if is_in:
        assert encode_received(7, 3, payload, binary=False, parses=is_json(payload)) == line


@given(payloads, st.booleans())
def test_no_line_is_longer_than_its_payload_and_a_third(payload: bytes, binary: object) -> None:
    assert len(encode(payload, binary=bool(binary))) <= 120 + (len(payload) + 2) // 3 * 4


def test_a_json_string_of_any_length_is_still_text() -> None:
    """Recordings of version 0.1 have such lines: text whose JSON string is longer than its base64."""
    payload = b'\x01"\\' * 100
    line = encode_frame(Frame(TIME, 0, b""))[:-3] + json.dumps(payload.decode()).encode() + b"}"
    assert b'"text":"\\u0001' in line
    assert decode_line(line) == Frame(TIME, 0, payload)


SIZE = MAX_MESSAGE // 2
LARGE: dict[str, Callable[[], tuple[bytes, bool]]] = {
    "binary": lambda: (bytes(range(256)) * (SIZE // 256), True),
    "not UTF-8": lambda: (b"\xff" * SIZE, False),
    "plain text": lambda: (b"feedrec " * (SIZE // 8), False),
    "quotes": lambda: (b'"\\' * (SIZE // 2), False),
    "some quotes": lambda: (b'abcd"' * (SIZE // 5) + b"a" * (SIZE % 5), False),
    "control characters": lambda: (b"\x01" * SIZE, False),
    "emoji": lambda: ("\U0001f600".encode() * (SIZE // 4), False),
    "emoji, escaped": lambda: (b"x" + ("\U0001f600" * 5 + '"').encode() * (SIZE // 21) + b"x" * (SIZE % 21 - 1), False),
    "JSON": lambda: (b'[{"a":"b"},' + b'{"side":"bid","\xc3\xa9":"\\"{"},' * ((SIZE - 17) // 26), False),
}


@pytest.mark.parametrize("kind", LARGE)
def test_the_largest_message_is_a_line_that_every_reader_takes_and_memory_stays_small(kind: str) -> None:
    """What a recorder takes, 64 MiB, is at most 96 MiB in its line, whatever it is; here half of both."""
    payload, binary = LARGE[kind]()
    if kind == "JSON":
        payload += b"1" * (SIZE - len(payload) - 1) + b"]"
    assert len(payload) == SIZE
    frame = Frame(TIME, 0, payload, "in", binary)
    tracemalloc.start()
    line = encode_received(TIME, 0, payload, binary=binary, parses=False)
    _, encoding = tracemalloc.get_traced_memory()
    assert len(line) <= MAX_LINE // 2
    tracemalloc.clear_traces()
    tracemalloc.reset_peak()
    assert decode_line(line) == frame
    _, decoding = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert encoding < 2.5 * SIZE
    assert decoding < 1.5 * SIZE
