"""
The seek table: the last skippable zstd frame (RFC 8878, 3.1.2) of a cleanly closed recording.

It follows the zstd seekable format (contrib/seekable_format of zstd, version 0.1.0), with one entry for each zstd frame
before it, the index included.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

__all__ = [
    "MAX_BLOCKS",
    "SEEK_TABLE_MAGIC",
    "Footer",
    "SeekTable",
    "Tail",
    "decode_seek_table",
    "encode_seek_table",
    "find_seek_table",
    "read_footer",
    "was_finished",
]

SEEK_TABLE_MAGIC = 0x184D2A5E
"""Magic number of the skippable frame that holds the seek table (zstd seekable format)."""

MAX_BLOCKS = 1 << 27
"""Maximum number of entries in a seek table (zstd seekable format: ZSTD_SEEKABLE_MAXFRAMES)."""

_SEEKABLE_MAGIC = 0x8F92EAB1  # the last four bytes of a seekable file
_FOOTER = struct.Struct("<IBI")
_ENTRY = struct.Struct("<II")
_SKIPPABLE = struct.Struct("<II")
_CHECKSUM_FLAG, _RESERVED_BITS = 0x80, 0x7C
_TAIL = 1 << 16


def encode_seek_table(sizes: Sequence[tuple[int, int]]) -> bytes:
    """Encode a seek table: bytes of each zstd frame in the file, and of its content, in order."""
    entries = b"".join(itertools.starmap(_ENTRY.pack, sizes))
    footer = _FOOTER.pack(len(sizes), 0, _SEEKABLE_MAGIC)
    return _SKIPPABLE.pack(SEEK_TABLE_MAGIC, len(entries) + len(footer)) + entries + footer


def decode_seek_table(frame: bytes) -> list[tuple[int, int]]:
    """
    Decode a seek table from its skippable frame, with or without checksums.

    Raises:
        ValueError: If it is not one.

    """
    if len(frame) < _SKIPPABLE.size + _FOOTER.size:
        raise ValueError("not a seek table")
    magic, size = _SKIPPABLE.unpack_from(frame)
    footer = read_footer(frame)
    if magic != SEEK_TABLE_MAGIC or footer is None or size != len(frame) - _SKIPPABLE.size or len(frame) != footer.size:
        raise ValueError("not a seek table")
    step = footer.entry_size
    return [_ENTRY.unpack_from(frame, _SKIPPABLE.size + number * step) for number in range(footer.entries)]


class Footer(NamedTuple):
    """The end of a seek table: the number of entries, and the bytes of each."""

    entries: int
    entry_size: int

    @property
    def size(self) -> int:
        """Bytes of the whole skippable frame."""
        return _SKIPPABLE.size + self.entries * self.entry_size + _FOOTER.size


def read_footer(tail: bytes) -> Footer | None:
    """Decode the end of a seek table; None if the bytes do not end with one."""
    if len(tail) < _FOOTER.size:
        return None
    entries, descriptor, magic = _FOOTER.unpack_from(tail, len(tail) - _FOOTER.size)
    if magic != _SEEKABLE_MAGIC or descriptor & _RESERVED_BITS or entries > MAX_BLOCKS:
        return None
    return Footer(entries, _ENTRY.size + (4 if descriptor & _CHECKSUM_FLAG else 0))


class Tail:
    """
    The end of a file, read as far back as needed.

    Args:
        read_at: Returns, for an offset in the file and a size, so many bytes.
        size: Bytes in the file.

    """

    def __init__(self, read_at: Callable[[int, int], bytes], size: int) -> None:
        self.size = size
        self._read_at = read_at
        self._start = max(0, size - _TAIL)
        self._data = read_at(self._start, size - self._start)

    def last(self, count: int, *, before: int = 0) -> bytes:
        """Return `count` bytes that end `before` bytes before the end; fewer if the file is shorter."""
        missing = count + before - len(self._data)
        if missing > 0:
            start = max(0, self._start - missing)
            self._data = self._read_at(start, self._start - start) + self._data
            self._start = start
        end = len(self._data) - before
        return self._data[max(0, end - count) : end]


class SeekTable(NamedTuple):
    """
    The seek table of a file.

    Attributes:
        frame: The skippable frame that it is.
        entries: Bytes of each zstd frame before it, and of its content.

    """

    frame: bytes
    entries: list[tuple[int, int]]


def find_seek_table(tail: Tail) -> SeekTable:
    """
    Find the seek table of a file; it has at least one entry.

    Raises:
        ValueError: If there is none.

    """
    footer = read_footer(tail.last(_FOOTER.size))
    if footer is None or footer.size > tail.size or not footer.entries:
        raise ValueError("there is no seek table at the end of the file")
    frame = tail.last(footer.size)
    return SeekTable(frame, decode_seek_table(frame))


def was_finished(read_at: Callable[[int, int], bytes], size: int) -> bool:
    """Return whether a file ends as a closed recording does, whatever is damaged before; arguments as for `Tail`."""
    end = max(0, size - _FOOTER.size)
    return read_footer(read_at(end, size - end)) is not None
