"""
Frames on their way to the process that checks them.

Those of one read go together: a head (number of the connection, time in nanoseconds, number of frames), the size of
each, and the payloads. No frame at all says that frames of the connection were left out, or that it is over: what is
known of it is worth nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

__all__ = ["CheckFrame", "forgetting", "parts_of", "read_frames"]

_HEAD = struct.Struct(">QQI")


class CheckFrame(NamedTuple):
    """A frame; None in place of the payload if the connection is to be forgotten."""

    conn: int
    time: int
    payload: bytes | None


def parts_of(conn: int, time: int, payloads: Sequence[bytes]) -> list[bytes]:
    """Return what to send, in parts, for frames of one read, of which there is one at least."""
    count = len(payloads)
    return [_HEAD.pack(conn, time, count), struct.pack(f">{count}I", *map(len, payloads)), *payloads]


def forgetting(conn: int) -> bytes:
    """Return what has a connection forgotten."""
    return _HEAD.pack(conn, 0, 0)


def read_frames(source: BinaryIO) -> Iterator[CheckFrame]:
    """Yield what was sent, up to the end; what is cut off there is left out."""
    while len(head := source.read(_HEAD.size)) == _HEAD.size:
        conn, time, count = _HEAD.unpack(head)
        if count == 0:
            yield CheckFrame(conn, time, None)
            continue
        sizes = source.read(4 * count)
        if len(sizes) < 4 * count:
            return
        for size in struct.unpack(f">{count}I", sizes):
            if len(payload := source.read(size)) < size:
                return
            yield CheckFrame(conn, time, payload)
