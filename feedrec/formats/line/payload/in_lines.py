"""
Payloads in their lines.

A payload stands under one of three keys:
- `frame`: JSON text that can stand in the line verbatim;
- `text`: any other UTF-8 text, as a JSON string, unless that is longer than its base64;
- `base64`: everything else.

The bodies of requests and answers stand in the lines of their events in the same three ways, under other names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from .json_strings import base64_pieces, base64_size, from_base64, is_utf8, string_pieces, string_size, text_of
from .verbatim import stands_verbatim

__all__ = ["PAYLOAD_KEYS", "PayloadKey", "key_of", "payload_of", "value_pieces"]

PayloadKey = Literal["frame", "text", "base64"]
"""The last key of the line of a frame."""

PAYLOAD_KEYS: tuple[PayloadKey, ...] = ("frame", "text", "base64")

_NULL = b"null"


def key_of(payload: bytes, *, is_text: bool = True, parses: bool = False) -> PayloadKey:
    """
    Return the key under which a writer puts a payload.

    Args:
        payload: The payload.
        is_text: Whether it may be text: a binary message is not, whatever is in it.
        parses: Whether it is known to be valid JSON text, so that it need not be parsed again.

    """
    if is_text and stands_verbatim(payload, parses=parses):
        return "frame"
    return "text" if is_text and is_utf8(payload) and string_size(payload) <= base64_size(payload) else "base64"


def value_pieces(payload: bytes, key: PayloadKey) -> Iterator[bytes]:
    """
    Yield what stands in the line under a key, which must suit the payload, in pieces.

    Raises:
        UnicodeDecodeError: If the key is `text` and the payload is not UTF-8.

    """
    if key == "frame":
        yield payload
        return
    yield b'"'
    yield from string_pieces(payload) if key == "text" else base64_pieces(payload)
    yield b'"'


def payload_of(verbatim: memoryview, text: memoryview, base64: memoryview) -> tuple[bytes, PayloadKey] | None:
    """
    Return the payload of a line, and the key under which it was found.

    Args:
        verbatim: What stands in the line under the first of the three keys; empty if that is absent.
        text: The same of the second.
        base64: The same of the third.

    Returns:
        None if there is none.

    Raises:
        ValueError: If the base64 is not what RFC 4648 allows.
        msgspec.DecodeError: If one of the last two is neither null nor a string, or not valid UTF-8.

    """
    if verbatim:
        _refuse_invalid_strings(text, base64)
        return bytes(verbatim), "frame"
    if text and text != _NULL:
        _refuse_invalid_strings(base64)
        return text_of(text), "text"
    if base64 and base64 != _NULL:
        return from_base64(base64), "base64"
    return None


def _refuse_invalid_strings(*ignored: memoryview) -> None:
    """Refuse a further payload, which is ignored, that is neither null nor a string."""
    for string in ignored:
        if string and string != _NULL:
            text_of(string)
