"""
Which texts can stand in a line verbatim: those that every JSON reader would cut out again with the same bytes.

Such a text is valid UTF-8, it parses, it has no byte below 0x20, no white space around it, and it nests less than
`MAX_NESTING` deep.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import itemgetter

import msgspec

from .json_strings import is_utf8, joined

__all__ = ["MAX_NESTING", "is_json", "stand_verbatim", "stands_verbatim"]

MAX_NESTING = 100
"""Payloads that nest this deep are stored as `text`: recursive parsers give up not far beyond."""

_SPACE, _BRACE, _BRACKET = 0x20, ord("{"), ord("[")
_TAB, _LINE_FEED, _RETURN = 0x09, 0x0A, 0x0D
_BRACES_AS_BRACKETS = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_NESTING = bytes(byte for byte in range(256) if byte not in b"[]{}")
_ALL_BUT_NESTING_AND_QUOTES = _ALL_BUT_NESTING.replace(b'"', b"")

_PIECE = 1 << 20

_ORDINARY = bytes(byte for byte in range(0x20, 0x80) if byte not in b"[{")
_first, _last = itemgetter(slice(1)), itemgetter(slice(-1, None))
_validate = msgspec.json.Decoder(msgspec.Raw).decode


def stands_verbatim(payload: bytes, *, parses: bool = False) -> bool:
    """Return whether a text can stand in its line verbatim; it need not be parsed if it is known that it `parses`."""
    # Cheapest checks first: this runs for every frame that a recorder receives.
    if not payload or payload[0] <= _SPACE or payload[-1] <= _SPACE:
        return False
    if _LINE_FEED in payload or _RETURN in payload or _TAB in payload:  # other control bytes fail to parse
        return False
    if not payload.isascii() and not is_utf8(payload):  # msgspec does not look inside strings
        return False
    if not (parses or is_json(payload)):
        return False
    if payload.count(_BRACE) + payload.count(_BRACKET) < MAX_NESTING:
        return True
    return _nesting_below(payload, MAX_NESTING)


def stand_verbatim(payloads: Sequence[bytes], text: bytes) -> bool:
    """
    Return whether texts can stand in their lines verbatim: `stands_verbatim` at once.

    Args:
        payloads: The texts, all known to be JSON.
        text: What `received_text` makes of them, at any times.

    """
    odd = text.translate(None, _ORDINARY)  # in one pass over all of them
    opened = odd.split(b"\n")
    if len(opened) != len(payloads) + 1 or (
        odd.translate(None, b"\n[{") and not is_utf8(text)
    ):  # that ends no character
        return False
    if _RETURN in odd or _TAB in odd:  # other control bytes fail to parse
        return False
    if _SPACE in text and (b" " in set(map(_first, payloads)) or b" " in set(map(_last, payloads))):
        return False
    if max(map(len, opened)) <= MAX_NESTING:  # a line has one more than its payload
        return True
    deep = (payload for payload, marks in zip(payloads, opened, strict=False) if len(marks) > MAX_NESTING)
    return all(_nesting_below(payload, MAX_NESTING) for payload in deep)


def is_json(payload: bytes) -> bool:
    """Return whether a payload is JSON text; its strings are not checked for valid UTF-8."""
    try:
        _validate(payload)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _nesting_below(payload: bytes, limit: int) -> bool:
    """Return whether valid JSON text nests less than `limit` deep, peeling it from the inside, level by level."""
    if b"\\" in payload:
        payload = payload.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Now quotes pair up, and a string without brackets leaves two quotes side by side.
    skeleton = payload.translate(_BRACES_AS_BRACKETS, _ALL_BUT_NESTING_AND_QUOTES).replace(b'""', b"")
    if b'"' in skeleton:
        skeleton = joined(_outside_strings(skeleton))
    for _ in range(limit):
        if not skeleton:
            return True
        skeleton = skeleton.replace(b"[]", b"")
    return False


def _outside_strings(text: bytes) -> Iterator[bytes]:
    """Yield what is not between quotes, which pair up."""
    is_inside = False
    for start in range(0, len(text), _PIECE):
        parts = text[start : start + _PIECE].split(b'"')
        yield b"".join(parts[is_inside::2])
        is_inside ^= len(parts) % 2 == 0
