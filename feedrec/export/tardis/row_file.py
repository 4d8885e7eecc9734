"""
Compressed files that grow by rows: any number of them at once.

Rows are kept until there are some 64 kB, then compressed by themselves and written, so that a file takes no memory and
no descriptor in between. All of that is one gzip member (RFC 1952) of one deflate stream (RFC 1951), whose blocks may
end where one likes: nautilus_trader 1.221.0 reads no further than the first member. It costs 2 % of size.
"""

from __future__ import annotations

import zlib

from ..staged_folder import StagedFolder

__all__ = ["RowFile", "RowFiles"]

_CHUNK = 65_536
_MOST = 16 * 1024 * 1024
"""Bytes of rows of all files together that are kept, but for a last step of each."""

_STEP = 4_096
"""Bytes of rows between two looks at how much that is: a look for each row would take a tenth of the time."""

_LEVEL = 4
"""Half the time of level 6, and 5 % larger."""

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no time, unknown system: the same each time
_RAW = -zlib.MAX_WBITS
_TEXT = 64
"""Bytes that a text takes beside its characters."""


class RowFile:
    """
    A file.

    Args:
        files: The files of which it is one.
        name: Its name in their folder.
        header: Its first line.
        is_compressed: Whether it is gzip; else it is text.

    Attributes:
        name: Its name.
        rows: How many rows it has, without the first line.

    Raises:
        RecordingExistsError: If its name is taken, and may not be.
        WriteError: If it cannot be created.

    """

    __slots__ = ("_checksum", "_files", "_is_compressed", "_length", "_next", "_texts", "_told", "held", "name", "rows")

    def __init__(self, files: RowFiles, name: str, header: str, *, is_compressed: bool = True) -> None:
        self._files, self.name, self._is_compressed = files, name, is_compressed
        self._texts = [header]
        self.held = len(header)
        self._told, self._next = 0, _STEP
        self.rows = 0
        self._checksum = self._length = 0
        files.begin(self)

    def add(self, text: str, rows: int) -> None:
        """
        Add rows.

        Args:
            text: They, in ASCII, each with LF at its end.
            rows: How many they are.

        Raises:
            WriteError: If the operating system refuses to write.

        """
        self._texts.append(text)
        self.rows += rows
        self.held += len(text) + _TEXT
        if self.held > self._next:
            self._grow()

    def _grow(self) -> None:
        """Tell the others that it holds more, or write that."""
        if self.held > _CHUNK:
            self.write()
        else:
            step, self._next = self.held - self._told, self.held + _STEP
            self._told = self.held
            self._files.hold(step)

    def write(self) -> None:
        """
        Write what is held.

        Raises:
            WriteError: If the operating system refuses to.

        """
        data = self._taken()
        if data and self._is_compressed:
            data = self._compressed(data, zlib.Z_SYNC_FLUSH)
        if data:
            self._files.folder.append(self.name, data)

    def close(self) -> None:
        """
        Write the end.

        Raises:
            WriteError: If the operating system refuses to.

        """
        data = self._taken()
        if self._is_compressed:
            data = self._compressed(data, zlib.Z_FINISH)
            data += self._checksum.to_bytes(4, "little") + (self._length & 0xFFFFFFFF).to_bytes(4, "little")
        self._files.folder.append(self.name, data)
        self._files.end(self)

    def remove(self) -> None:
        """Take it back."""
        self._taken()
        self._files.end(self)
        self._files.folder.remove(self.name)

    def _taken(self) -> bytes:
        data = "".join(self._texts).encode("ascii")
        self._files.held -= self._told
        self._texts, self.held, self._told, self._next = [], 0, 0, _STEP
        return data

    def _compressed(self, data: bytes, end: int) -> bytes:
        compress = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        written = compress.compress(data) + compress.flush(end)
        start = b"" if self._length else _HEADER
        self._checksum = zlib.crc32(data, self._checksum)
        self._length += len(data)
        return start + written


class RowFiles:
    """
    The files of a folder that are being written.

    Args:
        folder: The folder.

    Attributes:
        folder: The folder.
        held: About how many bytes they hold, as far as they said.

    """

    def __init__(self, folder: StagedFolder) -> None:
        self.folder = folder
        self.held = 0
        self._growing: dict[RowFile, None] = {}

    def begin(self, file: RowFile) -> None:
        """Take a new file."""
        self.folder.create(file.name)
        self._growing[file] = None

    def hold(self, size: int) -> None:
        """Note that a file holds more; write all if they hold much."""
        self.held += size
        if self.held > _MOST:
            for file in self._growing:
                file.write()

    def end(self, file: RowFile) -> None:
        """Let go of a file that is whole, or gone."""
        del self._growing[file]
