"""WebSocket messages as bytes (RFC 6455, section 5.2): whole, unmasked, uncompressed, as a server may send them."""

from __future__ import annotations

import struct

__all__ = ["message", "message_header"]

_FINAL_TEXT, _FINAL_BINARY = 0x81, 0x82  # FIN with opcode 1 or 2
_LENGTH_IN_2_BYTES, _LENGTH_IN_8_BYTES = 126, 127

_pack_short = struct.Struct("!BB").pack
_pack_medium = struct.Struct("!BBH").pack
_pack_long = struct.Struct("!BBQ").pack


def message_header(size: int, *, binary: bool) -> bytes:
    """Return what precedes a payload of `size` bytes on the wire if it is sent as one unfragmented message."""
    first = _FINAL_BINARY if binary else _FINAL_TEXT
    if size < _LENGTH_IN_2_BYTES:
        return _pack_short(first, size)
    if size < 1 << 16:
        return _pack_medium(first, _LENGTH_IN_2_BYTES, size)
    return _pack_long(first, _LENGTH_IN_8_BYTES, size)


def message(payload: bytes, *, binary: bool = False) -> bytes:
    """Return a payload as one message, unchecked: text that is not UTF-8 goes out as it was recorded."""
    return message_header(len(payload), binary=binary) + payload
