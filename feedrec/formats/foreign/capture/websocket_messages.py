"""The messages of a WebSocket (RFC 6455) in one direction of a stream, also compressed (RFC 7692). Pure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .record_order import Place

__all__ = ["BINARY", "CLOSE", "MAX_MESSAGE", "Message", "MessageReader", "StreamBrokenError", "inflater_of"]

TEXT, BINARY, CLOSE = 1, 2, 8
_CONTINUED, _PING, _PONG = 0, 9, 10
"""RFC 6455, 5.2."""

MAX_MESSAGE = 64 << 20
"""Bytes that a message may have, as a recorder takes them."""

_LAST, _COMPRESSED, _RESERVED, _OPERATION = 0x80, 0x40, 0x30, 0x0F
_MASKED, _LENGTH = 0x80, 0x7F
_MOST_OF_CONTROL = 125
_EXTENSION = "permessage-deflate"
_TAIL = b"\0\0\xff\xff"
"""What a sender leaves out behind a compressed message (RFC 7692, 7.2.1)."""


class StreamBrokenError(Exception):
    """What was captured of a stream is not what anybody says there; the text says why."""


class Message(NamedTuple):
    """
    A message, whole.

    Attributes:
        place: Where its records stand.
        time: That of the segment with its first byte.
        operation: `TEXT`, `BINARY` or `CLOSE`.
        payload: Its content, without mask and uncompressed.

    """

    place: Place
    time: int
    operation: int
    payload: bytes


Inflate = Callable[[bytes], bytes]


class MessageReader:
    """
    Reads messages from the bytes of one direction.

    Args:
        begin: Gives the place of what begins.
        inflate: Uncompresses a message; None if nothing about that was agreed on.

    """

    def __init__(self, begin: Callable[[], Place], inflate: Inflate | None = None) -> None:
        self._begin = begin
        self._inflate = inflate
        self._buffer = bytearray()
        self._needed = 2
        self._frame: tuple[Place, int] | None = None  # where the frame began that is not whole
        self._message: tuple[Place, int] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._operation = 0
        self._is_compressed = False

    @property
    def is_amid_message(self) -> bool:
        """Whether a message began and is not whole."""
        return self._message is not None or bool(self._buffer)

    def take(self, time: int, data: bytes) -> Iterator[Message]:
        """
        Take the next bytes, which came at a time; yield the messages that are whole now.

        Raises:
            StreamBrokenError: If they are not those of a WebSocket, or too much.

        """
        self._buffer += data
        while self._buffer:
            if self._frame is None:
                self._frame = self._message or (self._begin(), time)
            frame = self._take_frame()
            if frame is None:
                return
            place, begun = self._frame
            self._frame = None
            first, payload = frame
            if first & _OPERATION >= CLOSE:
                shared = self._message is not None
                yield Message(
                    self._begin() if shared else place, time if shared else begun, first & _OPERATION, payload
                )
            elif (whole := self._join(first, payload, (place, begun))) is not None:
                yield whole

    def _take_frame(self) -> tuple[int, bytes] | None:
        """Cut the next frame off; return its first byte and its payload. None if it is not whole."""
        buffer = self._buffer
        if len(buffer) < self._needed:
            return None
        first, second = buffer[0], buffer[1]
        size, start = second & _LENGTH, 2
        if size > _MOST_OF_CONTROL:
            start += 2 if size == 126 else 8
            size = int.from_bytes(buffer[2:start], "big") if len(buffer) >= start else 0
        mask_start = start
        start += 4 if second & _MASKED else 0
        _check(first, second, size)
        self._needed = start + size
        if len(buffer) < self._needed:
            return None
        payload = bytes(buffer[start : self._needed])
        mask = bytes(buffer[mask_start:start])
        del buffer[: self._needed]
        self._needed = 2
        return first, _unmasked(payload, mask) if any(mask) else payload

    def _join(self, first: int, payload: bytes, begun: tuple[Place, int]) -> Message | None:
        """Join a frame to its message; return that if it is whole."""
        operation = first & _OPERATION
        if (operation == _CONTINUED) != (self._message is not None):
            raise StreamBrokenError("a fragment of a message is missing")
        if operation != _CONTINUED:
            self._operation, self._is_compressed = operation, bool(first & _COMPRESSED)
        self._message = begun
        self._parts.append(payload)
        self._size += len(payload)
        if self._size > MAX_MESSAGE:
            raise StreamBrokenError("a message is too long")
        if not first & _LAST:
            return None
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._message, self._parts, self._size = None, [], 0
        if self._is_compressed:
            if self._inflate is None:
                raise StreamBrokenError("a message is compressed in a way that the handshake does not tell")
            whole = self._inflate(whole)
        return Message(*begun, self._operation, whole)


def _check(first: int, second: int, size: int) -> None:
    operation = first & _OPERATION
    is_control = operation >= CLOSE
    is_known = operation in (_CONTINUED, TEXT, BINARY, CLOSE, _PING, _PONG)
    is_odd_control = is_control and (second & _LENGTH > _MOST_OF_CONTROL or not first & _LAST or first & _COMPRESSED)
    if not is_known or first & _RESERVED or is_odd_control:
        raise StreamBrokenError("what follows is no frame of a WebSocket")
    if size > MAX_MESSAGE:
        raise StreamBrokenError("a message is too long")


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    pattern = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
    return (int.from_bytes(payload, "big") ^ pattern).to_bytes(size, "big")


def inflater_of(extensions: str, side: str) -> Inflate | None:
    """
    Return what uncompresses the messages of one side.

    Args:
        extensions: The Sec-WebSocket-Extensions of the answer.
        side: Whose messages they are: `client` or `server`.

    """
    agreed = [part.strip().lower() for part in re.split("[;,]", extensions)]
    if _EXTENSION not in agreed:
        return None
    keeps = f"{side}_no_context_takeover" not in agreed
    kept = zlib.decompressobj(-zlib.MAX_WBITS)

    def inflate(payload: bytes) -> bytes:
        stream = kept if keeps else zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            text = stream.decompress(payload + _TAIL, MAX_MESSAGE + 1)
        except zlib.error:
            raise StreamBrokenError("a compressed message is corrupt") from None
        if len(text) > MAX_MESSAGE:
            raise StreamBrokenError("a message is too long")
        return text

    return inflate
