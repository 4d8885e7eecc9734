"""
Where a member of gzip begins behind one that has no end.

Whoever appends to a file of gzip after a crash begins a new member there. Nothing tells that the one before was cut
off: what follows is taken for its continuation, which fails somewhere. So beginnings of members are looked for. Pure.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

__all__ = ["HEADER", "member_starts"]

HEADER = 10
"""Bytes of the header of a member (RFC 1952, 2.3)."""

_START = re.compile(rb"\x1f\x8b\x08[\x00\x08].{4}[\x00\x02\x04][\x00-\x0d\xff]", re.DOTALL)
"""As programs write it: deflate, at most a name behind the header, a usual level and system."""

_TRIED = 1 << 12  # bytes that must be those of a member
_GZIP_FORMAT = 16 + zlib.MAX_WBITS


def member_starts(data: bytes) -> Iterator[int]:
    """Yield where a member begins in some bytes of a file; one of which less than its header is there is not found."""
    for found in _START.finditer(data):
        member = zlib.decompressobj(_GZIP_FORMAT)
        try:
            member.decompress(data[found.start() : found.start() + _TRIED])
        except zlib.error:
            continue
        yield found.start()
