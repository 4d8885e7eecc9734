"""WebSocket messages as bytes: what comes out is what RFC 6455 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from feedrec.replay.client.sending.wire import message, message_header


def parsed(data: bytes) -> Frame:
    """Read a message back with the parser of another implementation."""
    stream = StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    parsing = Frame.parse(stream.read_exact, mask=False, max_size=None)
    try:
        while True:
            next(parsing)
    except StopIteration as done:
        frame = done.value
    assert isinstance(frame, Frame)
    return frame


@given(payload=st.binary(max_size=300), binary=st.booleans())
def test_a_message_is_read_back_as_it_was(payload: bytes, *, binary: bool) -> None:
    assert parsed(message(payload, binary=binary)) == Frame(Opcode.BINARY if binary else Opcode.TEXT, payload)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 5_000_000])
def test_each_form_of_the_length_is_read_back(size: int) -> None:
    assert parsed(message(b"x" * size)) == Frame(Opcode.TEXT, b"x" * size)


@pytest.mark.parametrize(("size", "header"), [(125, 2), (126, 4), (65_535, 4), (65_536, 10)])
def test_the_length_takes_as_few_bytes_as_it_can(size: int, header: int) -> None:
    assert len(message_header(size, binary=False)) == header
