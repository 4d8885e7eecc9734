"""
What is to be written later, by whom it belongs to.

An archive has all messages of a connection in one place, a recording has those of all connections among each other.
What does not fit the memory waits in a temporary file, which has no name and is gone with the process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

__all__ = ["Spool"]

_MOST_IN_MEMORY = 8 << 20  # bytes
_AT_ONCE = 1 << 20


class _Place(NamedTuple):
    offset: int
    size: int


class _Waiting:
    """What belongs to one key: first what is in the file, then what is in memory."""

    __slots__ = ("parts", "places", "size")

    def __init__(self) -> None:
        self.places: list[_Place] = []
        self.parts: list[bytes] = []
        self.size = 0


class Spool:
    """
    Keeps bytes by a key, in the order in which they come.

    Args:
        folder: Where the temporary file is to be; None for where the system has such files.
        most_in_memory: Bytes that are kept in memory.

    """

    def __init__(self, folder: Path | None, most_in_memory: int = _MOST_IN_MEMORY) -> None:
        self._folder = folder
        self._most_in_memory = most_in_memory
        self._waiting: dict[int, _Waiting] = {}
        self._in_memory = 0
        self._file: BinaryIO | None = None
        self._end = 0

    def append(self, key: int, data: bytes) -> None:
        """
        Append to what belongs to a key.

        Raises:
            OSError: If the temporary file cannot be written.

        """
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting()
        waiting.parts.append(data)
        waiting.size += len(data)
        self._in_memory += len(data)
        if self._in_memory > self._most_in_memory:
            self._put_aside()

    def pieces(self, key: int) -> Iterator[bytes]:
        """
        Yield all that belongs to a key, and forget it.

        Raises:
            OSError: If the temporary file cannot be read.

        """
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return
        for offset, size in waiting.places:
            yield from self._read(offset, size)
        self._in_memory -= waiting.size
        yield from waiting.parts

    def close(self) -> None:
        """Let go of everything."""
        if self._file is not None:
            self._file.close()

    def _put_aside(self) -> None:
        """Write to the file what takes most memory, until half of it is free."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115  until `close`
        self._file.seek(self._end)
        for waiting in sorted(self._waiting.values(), key=lambda one: one.size, reverse=True):
            if self._in_memory <= self._most_in_memory // 2:
                break
            self._append(waiting)

    def _append(self, waiting: _Waiting) -> None:
        assert self._file is not None  # noqa: S101  as `_put_aside` made sure
        rest = memoryview(b"".join(waiting.parts))
        while rest:
            rest = rest[self._file.write(rest) :]
        place = _Place(self._end, waiting.size)
        before = waiting.places[-1] if waiting.places else None
        if before is not None and before.offset + before.size == place.offset:
            waiting.places[-1] = _Place(before.offset, before.size + place.size)
        else:
            waiting.places.append(place)
        self._end += waiting.size
        self._in_memory -= waiting.size
        waiting.parts, waiting.size = [], 0

    def _read(self, offset: int, size: int) -> Iterator[bytes]:
        assert self._file is not None  # noqa: S101  where there are places, there is a file
        while size:
            self._file.seek(offset)
            data = self._file.read(min(size, _AT_ONCE))
            if not data:
                raise OSError("a temporary file has been cut off")
            offset, size = offset + len(data), size - len(data)
            yield data
