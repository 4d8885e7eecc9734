"""Messages of a WebSocket out of the bytes of a stream."""

from __future__ import annotations

import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.foreign.capture.record_order import RecordOrder
from feedrec.formats.foreign.capture.websocket_messages import (
    MAX_MESSAGE,
    MessageReader,
    StreamBrokenError,
    inflater_of,
)

from .captures import ws_frame

sizes = st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])


@given(
    st.lists(st.tuples(sizes, st.sampled_from([1, 2]), st.binary(min_size=4, max_size=4)), min_size=1, max_size=4),
    st.integers(1, 9000),
)
def test_messages_are_the_same_however_their_bytes_come(messages: list[tuple[int, int, bytes]], step: int) -> None:
    """Of any length, masked with anything; each has the time of its first byte."""
    reader = MessageReader(RecordOrder().begin)
    text, starts, payloads = b"", [], []
    for size, operation, mask in messages:
        payloads.append((operation, bytes(range(256)) * (size // 256) + bytes(size % 256)))
        starts.append(len(text))
        text += ws_frame(payloads[-1][1], operation=operation, mask=mask)
    found = [one for at in range(0, len(text), step) for one in reader.take(at // step, text[at : at + step])]
    assert [(one.operation, one.payload) for one in found] == payloads
    assert [one.time for one in found] == [start // step for start in starts]
    assert not reader.is_amid_message


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (ws_frame(b"", operation=3), "no frame"),
        (ws_frame(b"", operation=9, first=0), "no frame"),
        (ws_frame(bytes(126), operation=9), "no frame"),
        (ws_frame(b"", first=0xA0), "no frame"),
        (ws_frame(b"", operation=0), "a fragment of a message is missing"),
        (ws_frame(b"", first=0) + ws_frame(b""), "a fragment of a message is missing"),
        (ws_frame(b"x", first=0xC0), "compressed in a way that the handshake does not tell"),
        (b"\x82\x7f" + (MAX_MESSAGE + 1).to_bytes(8, "big"), "too long"),
    ],
)
def test_what_is_no_websocket_is_told(data: bytes, reason: str) -> None:
    with pytest.raises(StreamBrokenError, match=reason):
        list(MessageReader(RecordOrder().begin).take(0, data))


@given(st.lists(st.binary(max_size=300), max_size=4))
def test_whatever_comes_nothing_but_the_documented_error_is_raised(pieces: list[bytes]) -> None:
    reader = MessageReader(RecordOrder().begin, inflater_of("permessage-deflate", "server"))
    with contextlib.suppress(StreamBrokenError):
        for piece in pieces:
            list(reader.take(0, piece))


def test_a_message_that_unpacks_to_too_much_is_refused() -> None:
    packed = zlib.compress(bytes(MAX_MESSAGE + 1))[2:-4]
    inflate = inflater_of("permessage-deflate; server_max_window_bits=15", "server")
    assert inflate is not None
    with pytest.raises(StreamBrokenError, match="too long"):
        inflate(packed)
    assert inflater_of("x-webkit-deflate-frame", "server") is None
