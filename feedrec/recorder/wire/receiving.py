"""
Where the bytes of a WebSocket arrive: messages are received in the step in which they were read.

A `recv()` in a loop costs a task switch per message and stamps it when that task gets its turn. Here the time is taken
in `data_received`, before anything is parsed. Whole text frames are cut out of the bytes there (`frame_cutter.py`); the
library parses the rest, and each message that it finishes is handed over synchronously from `process_event`. Its own
queue stays empty, so its flow control never acts: pausing is up to the recorder.
"""

from __future__ import annotations

from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from .frame_cutter import FrameCutter
from .library_parser import is_between_frames, is_known, limit_of

__all__ = ["Receiver", "ReceivingConnection", "RecordedConnection"]

_HEAD_END = b"\r\n\r\n"  # of the answer to the handshake (RFC 9112, 2.1)

_TEXT, _BINARY, _CONTINUATION = Opcode.TEXT, Opcode.BINARY, Opcode.CONT  # looking up members of an enum takes time


class Receiver(Protocol):
    """Receives what arrives on one connection. None of its methods may raise: that would kill the connection."""

    def opened(self) -> None:
        """Note that the handshake succeeded; messages may follow at once."""

    def bytes_arrived(self) -> None:
        """Take the time: bytes were read from the socket and are about to be parsed."""

    def message(self, payload: bytes, *, binary: bool) -> None:
        """Receive one whole message."""

    def texts(self, payloads: list[bytes]) -> None:
        """Receive whole text messages that follow each other, at least one."""

    def read_done(self) -> None:
        """Note that all messages of this read were handed over."""


class ReceivingConnection(Connection):
    """A connection of either side that hands every message to a receiver instead of queueing it."""

    receiver: Receiver

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._fragments = bytearray()
        self._fragments_are_binary = False

    @property
    def is_amid_message(self) -> bool:
        """Whether a part of a message is here and the rest is still to come."""
        return bool(self._fragments) or bool(self.protocol.reader.buffer)

    def data_received(self, data: bytes) -> None:
        """Stamp, then parse."""
        self.receiver.bytes_arrived()
        self.take(data)
        self.receiver.read_done()

    def take(self, data: bytes) -> None:
        """Hand over the messages that bytes complete."""
        self.have_parsed(data)

    def have_parsed(self, data: bytes) -> None:
        """Have the library parse bytes, which answers what is to be answered, and hands over messages."""
        super().data_received(data)

    def process_event(self, event: Event) -> None:
        """Hand over data frames, fragments joined; leave the rest to the library."""
        if not isinstance(event, Frame):
            super().process_event(event)
            if self.protocol.handshake_exc is None:  # its state may be past OPEN: a close may stand in the same read
                self.receiver.opened()
        elif event.opcode is _TEXT or event.opcode is _BINARY:
            binary = event.opcode is _BINARY
            if event.fin:
                self._hand_over(bytes(event.data), binary=binary)
            else:
                self._fragments = bytearray(event.data)
                self._fragments_are_binary = binary
        elif event.opcode is _CONTINUATION:
            self._fragments += event.data
            if event.fin:
                payload, self._fragments = bytes(self._fragments), bytearray()
                self._hand_over(payload, binary=self._fragments_are_binary)
        else:
            super().process_event(event)

    def _hand_over(self, payload: bytes, *, binary: bool) -> None:
        if binary:
            self.receiver.message(payload, binary=True)
        else:
            self.receiver.texts([payload])


class RecordedConnection(ReceivingConnection, ClientConnection):
    """
    A client connection that hands every message to a receiver.

    From the handshake on, whole text frames do not go through the library's parser: it never learns of them.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cutter: FrameCutter | None = None
        self._before = b""  # the last bytes of the handshake, as long as it lasts

    @property
    def is_amid_message(self) -> bool:
        return super().is_amid_message or (self._cutter is not None and self._cutter.has_rest)

    def take(self, data: bytes) -> None:
        cutter = self._cutter
        if cutter is None and self.protocol.state is State.CONNECTING:
            data = self._shake_hands(data)
            cutter = self._cutter
        if cutter is None or self.protocol.state is not State.OPEN:
            self._parse_all(data)
            return
        for piece in cutter.feed(data):
            if isinstance(piece, bytes):
                self.have_parsed(piece)
                if cutter.is_between_frames and not is_between_frames(self.protocol):
                    self._parse_all()
                    return
            else:
                self.receiver.texts(piece)

    def _shake_hands(self, data: bytes) -> bytes:
        """Parse the answer to the handshake; return what follows it."""
        before, seen = len(self._before), self._before + data
        end = seen.find(_HEAD_END)
        self._before = seen[-len(_HEAD_END) + 1 :]
        if end < 0:
            self.have_parsed(data)
            return b""
        start = end + len(_HEAD_END) - before
        self.have_parsed(data[:start])
        if is_known() and is_between_frames(self.protocol):
            self._cutter = FrameCutter(limit_of(self.protocol))
        return data[start:]

    def _parse_all(self, data: bytes = b"") -> None:
        """Have the library parse what was not cut, and all that is to come."""
        if self._cutter is not None:
            data, self._cutter = self._cutter.take_rest() + data, None
        if data:
            self.have_parsed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._cutter is not None and not self.protocol.reader.eof:
            self._parse_all()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Read a refusal whose body ends with the stream: websockets 13 asserts that there is none."""
        self._parse_all()
        self.protocol.receive_eof()
        for event in self.protocol.events_received():
            self.process_event(event)
        super().eof_received()
