"""A line of any program becomes that of a writer, with the same record, and stays if it is one."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.line.as_written import as_written, header_as_written
from feedrec.formats.line.codec import (
    decode_header,
    decode_line,
    encode_event,
    encode_frame,
    encode_header,
    encode_payload,
)
from feedrec.model import Event, Frame, Header, Record

numbers = st.integers(0, 2**60)
payloads = st.binary(max_size=30) | st.sampled_from([b"{}", b'{"a": 1.50}', b"[1]", "ü\t".encode(), b'"x"'])
frames = st.builds(
    Frame,
    numbers,
    st.integers(0, 3),
    payloads,
    st.sampled_from(["in", "out"]),
    st.booleans(),
    redacted=st.booleans(),
    synthetic=st.booleans(),
    unverified=st.booleans(),
    rewritten=st.booleans(),
)
details = st.dictionaries(
    st.text(max_size=5), st.text(max_size=5) | st.integers(-(2**40), 2**63) | st.none(), max_size=3
)
events = st.builds(Event, numbers, st.integers(0, 3), st.text(max_size=5), details)


def encode(record: Record) -> bytes:
    return encode_frame(record) if isinstance(record, Frame) else encode_event(record)


@given(frames | events)
def test_what_a_writer_wrote_stays(record: Record) -> None:
    line = encode(record)
    assert as_written(line, decode_line(line)) == line


@given(frames | events, st.randoms(use_true_random=False), st.booleans())
def test_keys_in_another_order_and_spaces_are_mended(record: Record, random: object, further: bool) -> None:  # noqa: FBT001
    """The record is the same, and what is mended stays; further keys stay too, and the payload is the last."""
    fields = list(msgspec.json.decode(encode(record), type=dict[str, msgspec.Raw]).items())
    if further:
        fields.append(("x:further", msgspec.Raw(b'{ "a": 1.50 }')))
    random.shuffle(fields)  # type: ignore[attr-defined]
    line = b"{ %b }" % b" , ".join(b"%b : %b" % (json.dumps(name).encode(), bytes(raw)) for name, raw in fields)
    mended = as_written(line, decode_line(line))
    again = decode_line(mended)
    if isinstance(again, Event):
        again.details.pop("x:further", None)
    else:
        assert list(msgspec.json.decode(mended, type=dict[str, msgspec.Raw]))[-1] in {"frame", "text", "base64"}
    assert again == decode_line(encode(record))
    assert (b'"x:further":{"a":1.50}' in mended) == further
    assert as_written(mended, decode_line(mended)) == mended


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            b'{"time":"2026-11-21T18:00:00.1+01:00","dir":"in","text":"no json"}',
            b'{"time":"2026-11-21T17:00:00.100000000Z","conn":0,"dir":"in","text":"no json"}',
        ),
        (
            b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","op":"x","frame":1,"text":"y"}',
            b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","frame":1}',
        ),
        (
            b'{"event":"x","n":1.50,"big":123456789012345678901234567890,"time":"2026-11-21T17:00:00Z","n":2.0}',
            b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"event":"x","n":2.0,"big":123456789012345678901234567890}',
        ),
        (
            b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","\xff":1,"frame":1 }',
            b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","frame":1}',
        ),
    ],
)
def test_times_keys_and_values_are_those_that_a_reader_takes(line: bytes, expected: bytes) -> None:
    """The last value of a key counts, and numbers stay as they are written."""
    assert as_written(line, decode_line(line)) == expected


def test_the_key_of_a_payload_stays_if_it_suits_it() -> None:
    """Version 0.1 wrote text where a writer chooses base64 today."""
    frame = Frame(0, 0, b"\x01\x01\x01")
    line = encode_payload(frame, "text")
    assert line != encode_frame(frame)
    assert as_written(line, frame) == line


def test_a_header_keeps_what_it_has_and_lacks() -> None:
    line = b'{ "later": [1, 2], "endpoint":"raw" , "feedrec":1 }'
    assert header_as_written(line) == b'{"feedrec":1,"endpoint":"raw","later":[1,2]}'
    assert decode_header(header_as_written(line)) == decode_header(line)
    ours = encode_header(Header("raw", "wss://x", 5, "feedrec", [{"channel": "a"}], {"part": 1}))
    assert header_as_written(ours) == ours
