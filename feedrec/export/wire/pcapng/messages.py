"""
WebSocket frames (RFC 6455, 5.2), each a whole message. Pure.

What a client sends is masked, as it must be, with a key of zeros, so that the payload stands there as it is.
"""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["close_frame", "message_frame"]

_FINAL = 0x80
_TEXT, _BINARY, _CLOSE = 1, 2, 8
_MASKED, _ZEROS = 0x80, bytes(4)
_NO_STATUS = 1005
_LONGEST_REASON = 123  # bytes: a control frame has no more than 125


def message_frame(payload: bytes, *, is_binary: bool, is_by_client: bool) -> bytes:
    """Return the frame of a message."""
    return _frame(_BINARY if is_binary else _TEXT, payload, is_by_client=is_by_client)


def close_frame(code: Any, reason: Any, *, is_by_client: bool) -> bytes:
    """Return a close frame; without a code if that is none, or one that says so."""
    payload = b""
    if isinstance(code, int) and 0 <= code <= 0xFFFF and code != _NO_STATUS:
        text = reason.encode(errors="replace") if isinstance(reason, str) else b""
        payload = struct.pack(">H", code) + text[:_LONGEST_REASON].decode(errors="ignore").encode()
    return _frame(_CLOSE, payload, is_by_client=is_by_client)


def _frame(opcode: int, payload: bytes, *, is_by_client: bool) -> bytes:
    size = len(payload)
    mask, key = (_MASKED, _ZEROS) if is_by_client else (0, b"")
    if size < 126:
        head = struct.pack(">BB", _FINAL | opcode, mask | size)
    elif size < 1 << 16:
        head = struct.pack(">BBH", _FINAL | opcode, mask | 126, size)
    else:
        head = struct.pack(">BBQ", _FINAL | opcode, mask | 127, size)
    return b"".join((head, key, payload))
