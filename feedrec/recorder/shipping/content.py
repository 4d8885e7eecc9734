"""What a file consists of: its size, and its checksums as stores tell them."""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

__all__ = ["LARGEST_PUT", "PART_SIZE", "Content", "content_of"]

LARGEST_PUT = 256 << 20
"""Bytes of a file up to which it is sent in one piece."""

PART_SIZE = 32 << 20
"""Bytes of a part of a larger one: 10,000 parts, which are the most of S3, are more than its largest object."""

_READ = 1 << 20


class Content(NamedTuple):
    """
    What a file consists of.

    Attributes:
        size: Its bytes.
        md5: Their MD5, in hexadecimal; S3 gives it as etag of what was sent in one piece.
        sha256: Their SHA-256, in hexadecimal.
        etags: What S3 gives as etag: of one piece, of parts of PART_SIZE, and of a copy in one part.

    """

    size: int
    md5: str
    sha256: str
    etags: frozenset[str]


def content_of(descriptor: int, part_size: int = PART_SIZE) -> Content:
    """
    Read an open file from its beginning to its end.

    Args:
        descriptor: The file; its position stays as it is.
        part_size: Bytes of a part.

    Raises:
        OSError: If it cannot be read.

    """
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    part, parts = hashlib.md5(usedforsecurity=False), list[bytes]()
    size = 0
    while data := os.pread(descriptor, min(_READ, part_size - size % part_size), size):
        for checksum in (md5, sha256, part):
            checksum.update(data)
        size += len(data)
        if size % part_size == 0:
            parts.append(part.digest())
            part = hashlib.md5(usedforsecurity=False)
    if size % part_size:
        parts.append(part.digest())
    etags = {md5.hexdigest(), _of_parts([md5.digest()]), _of_parts(parts)}
    return Content(size, md5.hexdigest(), sha256.hexdigest(), frozenset(etags))


def _of_parts(digests: list[bytes]) -> str:
    """Return the etag of an object that was sent in parts with these MD5."""
    return f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"
