"""
The document that an HTTP archive is: JSON, as a whole. Pure.

It is parsed as far as its entries, which stay text: the messages of a connection take the place that they take in the
file, until each is wanted. Of a document that is cut off, everything that is whole is kept: behind the last object or
array that has its end, those that are open are ended.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import msgspec

from ....errors import LineError

__all__ = ["Document", "read_document"]

_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
_OPENS = {b"{": b"}", b"[": b"]"}


class _Creator(msgspec.Struct, frozen=True):
    name: str = ""


class _Log(msgspec.Struct, frozen=True):
    entries: list[msgspec.Raw]
    creator: _Creator = _Creator()
    events: list[msgspec.Raw] = msgspec.field(default=[], name="_feedrecEvents")
    endpoint: str = msgspec.field(default="", name="_feedrecEndpoint")
    url: str = msgspec.field(default="", name="_feedrecUrl")


class _Archive(msgspec.Struct, frozen=True):
    log: _Log


_decode = msgspec.json.Decoder(_Archive).decode
_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Document(NamedTuple):
    """
    What an archive has.

    Attributes:
        entries: Its entries, each as it stands there.
        events: Events that feedrec wrote behind them.
        is_by_feedrec: Whether feedrec wrote it.
        endpoint: The endpoint of the recording that it was made of; empty if it does not say.
        url: The address of that, likewise.
        damaged_at: Where it is cut off or damaged, in bytes; None if it is whole.

    """

    entries: list[msgspec.Raw]
    events: list[msgspec.Raw]
    is_by_feedrec: bool
    endpoint: str
    url: str
    damaged_at: int | None


def read_document(text: bytes | bytearray) -> Document:
    """
    Return what an archive has, or what is whole of it.

    Raises:
        LineError: If nothing is.

    """
    damaged_at = None
    try:
        log = _decode(text).log
    except _NOT_DECODED as error:
        damaged_at, ends = _last_end(text)
        try:
            log = _decode(text[:damaged_at] + ends).log
        except _NOT_DECODED:
            raise LineError("it nests too deep" if isinstance(error, RecursionError) else str(error)) from None
    return Document(log.entries, log.events, log.creator.name == "feedrec", log.endpoint, log.url, damaged_at)


def _last_end(text: bytes | bytearray) -> tuple[int, bytes]:
    """Return where the last object or array ends that is whole, and what ends those that are open there."""
    open_ones: list[bytes] = []
    end, depth = 0, 0
    for token in _TOKEN.finditer(text):
        found = bytes(token[0]) if token.end() - token.start() == 1 else b""
        if found in _OPENS:
            open_ones.append(_OPENS[found])
        elif found == b'"':  # a string without its end
            break
        elif found:
            if open_ones[-1:] != [found]:
                break
            open_ones.pop()
            end, depth = token.end(), len(open_ones)
            if not open_ones:
                break
    return end, b"".join(reversed(open_ones[:depth]))
