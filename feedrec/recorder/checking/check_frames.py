"""
Frames on their way to the process that checks them.

Each is a head (number of the connection, time in nanoseconds, size) and the payload. A size of `FORGET` with no payload
says that frames of the connection were left out, or that it is over: what is known of it is worth nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["FORGET", "CheckFrame", "forgetting", "head_of", "read_frames"]

FORGET = 0xFFFFFFFF

_HEAD = struct.Struct(">QQI")
_LARGEST = 1 << 30  # bytes: no message is nearly as large


class CheckFrame(NamedTuple):
    """A frame; None in place of the payload if the connection is to be forgotten."""

    conn: int
    time: int
    payload: bytes | None


def head_of(conn: int, time: int, size: int) -> bytes:
    """Return what goes before a payload of that size."""
    return _HEAD.pack(conn, time, size)


def forgetting(conn: int) -> bytes:
    """Return what has a connection forgotten."""
    return _HEAD.pack(conn, 0, FORGET)


def read_frames(source: BinaryIO) -> Iterator[CheckFrame]:
    """Yield what was sent, up to the end; what is cut off there is left out."""
    while len(head := source.read(_HEAD.size)) == _HEAD.size:
        conn, time, size = _HEAD.unpack(head)
        if size == FORGET:
            yield CheckFrame(conn, time, None)
            continue
        if size > _LARGEST or len(payload := source.read(size)) < size:
            return
        yield CheckFrame(conn, time, payload)
