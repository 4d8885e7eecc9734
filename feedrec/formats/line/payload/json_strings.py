"""
Payloads as JSON strings and back: text with its escapes, and base64.

A message may have 64 MiB. So a payload is converted a piece at a time, straight into the result: text as a Python
string would take up to four times the size of the payload, and each intermediate result once more.
"""

from __future__ import annotations

import binascii
import codecs
import contextlib
import io
import re
from collections.abc import Iterable, Iterator

import msgspec

__all__ = [
    "base64_pieces",
    "base64_size",
    "from_base64",
    "is_utf8",
    "joined",
    "string_pieces",
    "string_size",
    "text_of",
]

_PIECE = 3 << 18  # bytes; a multiple of 3, so that only the last piece of base64 is padded
_QUOTE = b'"'

_CONTROL = bytes(range(0x20))
_UNESCAPED = bytes(byte for byte in range(256) if byte not in _CONTROL + b'"\\')
_ESCAPED_BY_ONE = b'"\\\b\t\n\f\r'

# Where a JSON string can be cut: before an escape that is not the second half of a pair, or between characters with no
# escape shortly before. A run of backslashes begins with the first of an escape.
_CUT = re.compile(rb"(?<!\\)\\(?!u[dD][c-fC-F])|(?<=[^\\]{12})[^\\\x80-\xbf]", re.DOTALL)

_encode = msgspec.json.encode
_decode_string = msgspec.json.Decoder(str).decode


def is_utf8(payload: bytes) -> bool:
    """Return whether a payload is valid UTF-8."""
    try:
        if len(payload) <= _PIECE:
            payload.decode()
        else:
            for _ in _decoded(payload):
                pass
    except UnicodeDecodeError:
        return False
    return True


def string_size(text: bytes) -> int:
    """Return how long the JSON string of UTF-8 text is, without its quotes."""
    size = len(text)
    for piece in _pieces(text):
        escaped = piece.translate(None, _UNESCAPED)
        size += len(escaped) + 4 * len(escaped.translate(None, _ESCAPED_BY_ONE))
    return size


def string_pieces(text: bytes) -> Iterator[bytes]:
    """Yield the JSON string of UTF-8 text, without its quotes."""
    for piece in _decoded(text):
        yield _encode(piece)[1:-1]


def base64_size(payload: bytes) -> int:
    """Return how long the base64 of a payload is."""
    return (len(payload) + 2) // 3 * 4


def base64_pieces(payload: bytes) -> Iterator[bytes]:
    """Yield the base64 of a payload, padded."""
    for piece in _pieces(payload):
        yield binascii.b2a_base64(piece, newline=False)


def joined(pieces: Iterable[bytes]) -> bytes:
    """Join pieces, holding none of them: `bytes.join` would hold all."""
    whole = io.BytesIO()
    whole.writelines(pieces)
    return whole.getvalue()  # not a copy


def text_of(string: memoryview) -> bytes:
    """
    Return the text of a JSON string as it stands in a line, in UTF-8.

    Raises:
        msgspec.DecodeError: If it is not a JSON string, or not valid UTF-8.

    """
    if len(string) <= _PIECE or string[:1] != _QUOTE:
        return _decode_string(string).encode()
    return joined(_decode_string(b'"%b"' % bytes(piece)).encode() for piece in _string_cut(string[1:-1]))


def from_base64(string: memoryview) -> bytes:
    """
    Return the payload of a JSON string of base64 as it stands in a line.

    Raises:
        ValueError: If it is a JSON string that RFC 4648 does not allow.
        msgspec.DecodeError: If it is not a JSON string.

    """
    with contextlib.suppress(binascii.Error):
        if string[:1] == _QUOTE:
            return binascii.a2b_base64(string[1:-1], strict_mode=True)
    return binascii.a2b_base64(text_of(string), strict_mode=True)  # another tool may have escaped its slashes


def _pieces(payload: bytes) -> Iterator[bytes]:
    if len(payload) <= _PIECE:
        yield payload
        return
    for start in range(0, len(payload), _PIECE):
        yield payload[start : start + _PIECE]


def _decoded(payload: bytes) -> Iterator[str]:
    if len(payload) <= _PIECE:
        yield payload.decode()
        return
    decoder = codecs.getincrementaldecoder("utf-8")()
    for piece in _pieces(payload):
        yield decoder.decode(piece)
    decoder.decode(b"", final=True)


def _string_cut(string: memoryview) -> Iterator[memoryview]:
    """Yield a JSON string without its quotes in pieces that are the inside of JSON strings too."""
    start = 0
    while start < len(string):
        cut = _CUT.search(string, start + _PIECE)
        end = len(string) if cut is None else cut.start()
        yield string[start:end]
        start = end
