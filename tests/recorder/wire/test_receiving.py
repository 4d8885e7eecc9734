"""
A connection that cuts frames out of the bytes does what the library alone does with them.

Both get the same random stream, in the same reads. After each read, they have handed over the same messages, sent the
same answers, and are in the same state, with the same error.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from feedrec.recorder.wire import receiving
from feedrec.recorder.wire.receiving import ReceivingConnection, RecordedConnection

from ..venue import ACCEPT_SALT, close, more, ping, text

MAX_SIZE = 70_000

KINDS = [Opcode.TEXT] * 6 + [Opcode.CONT] * 3 + list(Opcode)


class Library(ReceivingConnection, ClientConnection):
    """What feedrec would do without cutting."""

    def eof_received(self) -> None:
        self.protocol.receive_eof()
        for event in self.protocol.events_received():
            self.process_event(event)
        super().eof_received()


class Wire(asyncio.Transport):
    """Takes what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.written.append(b"EOF")

    def is_closing(self) -> bool:
        return False

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def abort(self) -> None: ...

    def close(self) -> None: ...


class Side:
    """A connection and what came of it."""

    def __init__(self, kind: type[ReceivingConnection], *, deflates: bool = False) -> None:
        offer = [ClientPerMessageDeflateFactory()] if deflates else None
        headers = "\r\nSec-WebSocket-Extensions: permessage-deflate" if deflates else ""
        protocol = ClientProtocol(parse_uri("ws://venue.test/"), extensions=offer, max_size=MAX_SIZE)
        self.connection: Any = kind(protocol)
        self.connection.receiver = self
        self.messages: list[tuple[bytes, bool]] = []
        self.reads: list[bytes] = []
        self.wire = Wire()
        self.connection.connection_made(self.wire)
        request = protocol.connect()
        protocol.send_request(request)
        self.connection.send_data()
        key = request.headers["Sec-WebSocket-Key"].encode()
        accept = base64.b64encode(hashlib.sha1(key + ACCEPT_SALT).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        self.answer = "\r\n".join([*lines, f"Sec-WebSocket-Accept: {accept}{headers}", "", ""]).encode()

    def opened(self) -> None:
        self.messages.append((b"opened", True))

    def bytes_arrived(self) -> None: ...

    def message(self, payload: bytes, *, binary: bool) -> None:
        assert type(payload) is bytes
        self.messages.append((payload, binary))

    def texts(self, payloads: list[bytes]) -> None:
        for payload in payloads:
            self.message(payload, binary=False)

    def read_done(self) -> None: ...

    @property
    def outcome(self) -> tuple[object, ...]:
        protocol = self.connection.protocol
        error = protocol.parser_exc
        codes = protocol.close_code if protocol.state is State.CLOSED else None, protocol.close_sent
        said = None if error is None else (type(error), str(error))
        return self.messages, self.wire.written[1:], protocol.state, said, codes, protocol.close_rcvd


@pytest.fixture(autouse=True)
def same_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("websockets.frames.secrets.token_bytes", lambda size: b"mask"[:size])


def compare(data: bytes, cuts: list[int], end: str = "eof", first: int = 0, *, deflates: bool = False) -> Side:
    """
    Give both the same bytes in the same reads, and compare them after each.

    `first` bytes come with the answer to the handshake, which is cut where the stream is, if that is negative.
    """

    async def run() -> Side:
        ours, library = Side(RecordedConnection, deflates=deflates), Side(Library, deflates=deflates)
        for side in (ours, library):
            stream = side.answer + data
            begin = len(side.answer) + first
            places = sorted({begin, *(begin + cut for cut in cuts), len(stream)})
            side.reads = [stream[a:b] for a, b in itertools.pairwise([0, *places])]
        for one, other in zip(ours.reads, library.reads, strict=True):
            ours.connection.data_received(one)
            library.connection.data_received(other)
            assert ours.outcome == library.outcome
        for side in (ours, library):
            if end == "eof":
                side.connection.eof_received()
            side.connection.connection_lost(None if end == "eof" else ConnectionResetError())
        assert ours.outcome == library.outcome
        assert ours.connection.protocol.state is State.CLOSED
        return ours

    return asyncio.run(run())


@st.composite
def wire_frames(draw: st.DrawFn) -> bytes:
    """Draw a frame, often an ordinary one."""
    payload = draw(st.one_of(st.binary(max_size=8), st.sampled_from([b"x" * n for n in (125, 126, 300, 66_000)])))
    opcode = draw(st.sampled_from(KINDS))
    if opcode >= Opcode.CLOSE and draw(st.integers(0, 5)):
        opcode, payload = Opcode.PING, payload[:100]
    if len(payload) > 125 and opcode >= Opcode.CLOSE:
        opcode = Opcode.TEXT
    data = bytearray(Frame(opcode, payload).serialize(mask=False))
    odd = draw(st.integers(0, 40))
    if odd < 6:
        data[0] &= 0x7F  # a fragment
    elif odd == 6:
        data[0] |= draw(st.sampled_from([0x10, 0x20, 0x40]))  # a reserved bit
    elif odd == 7:
        data[1] |= 0x80  # masked
    elif odd == 8:
        data[0] = data[0] & 0xF0 | draw(st.integers(3, 7))  # no such opcode
    elif odd == 9:
        data[1:2] = b"\x7f" + (MAX_SIZE + draw(st.integers(-2, 2))).to_bytes(8, "big")  # perhaps too large
    return bytes(data)


@given(
    st.lists(wire_frames(), max_size=12),
    st.lists(st.integers(0, 500), max_size=12),
    st.sampled_from(["eof", "reset"]),
    st.sampled_from([0, 0, 3, 700, -1, -2, -3]),
    st.integers(0, 6),
)
@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_random_stream_comes_to_the_same(
    stream: list[bytes], cuts: list[int], end: str, first: int, missing: int
) -> None:
    data = b"".join(stream)
    compare(data[: len(data) - missing], [min(cut, len(data)) for cut in cuts], end, first=min(first, len(data)))


@given(st.lists(st.binary(min_size=1, max_size=30), max_size=20), st.lists(st.integers(0, 600), max_size=20))
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_come_to_the_same(pieces: list[bytes], cuts: list[int]) -> None:
    data = b"".join(b"\x81" + piece for piece in pieces)
    compare(data, [min(cut, len(data)) for cut in cuts])


TOO_LARGE = b"\x7f" + (MAX_SIZE + 1).to_bytes(8, "big")
STREAMS = {
    "fragments": text(b"a", fin=False) + ping() + more(b"x" * 200, fin=True) + text(b"[2]"),
    "a text amid fragments": text(b"a", fin=False) + ping() + text(b"x" * 200),
    "too large": b"\x81" + TOO_LARGE + b"abc",
    "too large by all fragments": text(b"a", fin=False) + more(b"b") + b"\x80\x7f" + MAX_SIZE.to_bytes(8, "big"),
    "masked": b"\x81\x83\0\0\0\0[1]",
    "no such opcode": b"\x83\x7d" + b"x" * 125,
    "a reserved bit": b"\xc1\x05hello",
    "a long ping": b"\x89\x7e\x00\x80" + b"x" * 128,
    "a fragmented ping": b"\x09\x01?",
    "a continuation of nothing": more(b"x", fin=True),
    "a broken close": b"\x88\x01x",
    "no UTF-8": text(b"\xff\xfe"),
    "a length in too many bytes": b"\x81\x7e\x00\x03[1]\x81\x7f\0\0\0\0\0\0\0\x03[2]",
}


@pytest.mark.parametrize("name", STREAMS)
def test_bytes_one_by_one_come_to_the_same(name: str) -> None:
    data = text(b"[1]") + STREAMS[name] + text(b"[9]") + close()
    ours = compare(data, list(range(len(data))), first=-20)
    assert ours.messages[1] == (b"[1]", False)


@contextlib.contextmanager
def counted() -> Iterator[list[int]]:
    """Count the bytes that the library parses."""
    counts: list[int] = []
    before = RecordedConnection.have_parsed

    def have_parsed(self: RecordedConnection, data: bytes) -> None:
        counts.append(len(data))
        before(self, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecordedConnection, "have_parsed", have_parsed)
        yield counts


def test_texts_are_cut_from_the_handshake_on_whatever_comes_between() -> None:
    data = text(b"[12]") * 100 + ping(b"?") + text(b"a", fin=False) + b"\x80\x01b" + text(b"[12]") * 100
    with counted() as counts:
        ours = compare(data, [7, 100, 650], first=9)
    assert counts[1:] == [3, 3, 3]
    assert len(ours.messages) == 202


def test_after_a_deflate_was_agreed_the_library_parses_everything() -> None:
    data = text(b"[12]") * 10
    with counted() as counts:
        ours = compare(data, [5], deflates=True)
    assert sum(counts[1:]) == len(data)
    assert len(ours.messages) == 11


def test_with_a_library_that_is_not_known_it_parses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "is_known", lambda: False)
    data = text(b"[12]") * 10
    with counted() as counts:
        ours = compare(data, [5])
    assert sum(counts[1:]) == len(data)
    assert len(ours.messages) == 11


def test_the_beginning_of_a_text_is_amid_a_message() -> None:
    async def run() -> None:
        side = Side(RecordedConnection)
        side.connection.data_received(side.answer)
        for byte in text(b"[1]")[:-1]:
            side.connection.data_received(bytes([byte]))
            assert side.connection.is_amid_message
        side.connection.data_received(b"]")
        assert not side.connection.is_amid_message

    asyncio.run(run())
