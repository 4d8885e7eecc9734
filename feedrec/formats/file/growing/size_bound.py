"""One file that never gets larger than a bound: it takes lines as long as they fit, with the end of the file."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from ....errors import RecordingError, UsageError
from ...line.index import Mark
from .growing_file import GrowingFile

__all__ = ["BoundedFile"]

_LOOKS = 32  # at the size of the end while a file grows to its bound
_OVERHEAD = 64  # bytes by which a line that cannot be compressed may grow, and 1 in 1,000
_SPARE = 256  # bytes by which a line may make the end longer

_UNKNOWN = "how large a Parquet file gets is known only at its end: choose .jsonl.zst, .jsonl.gz or .jsonl"


class BoundedFile:
    """
    A new recording of at most so many bytes.

    The first line that might not fit ends it. What the lines in the compressor will take is known only when it is
    flushed, so that is done where they might not fit: more and more often towards the end.

    Args:
        file: The file, with its header.
        most: Bytes that it may have.
        on_finished: Called with its name when it is finished.

    Raises:
        UsageError: If not even its header and its end fit, or its format cannot tell.

    """

    def __init__(self, file: GrowingFile, most: int, on_finished: Callable[[Path], object]) -> None:
        self._file = file
        self._most = most
        self._is_full = False
        self._on_finished = on_finished
        self._waiting = 0  # bytes that lines in the compressor may take
        self._end = 0
        self._spare = _SPARE
        self._looked_at = 0
        end = file.end_size
        if end is not None:
            self._look(end)
            if self._room >= 0:
                return
        self.discard()
        if end is None:
            raise UsageError(_UNKNOWN)
        needed = file.size + end + self._spare
        raise UsageError(f"the header and the end of a recording take {needed} bytes, more than {most}: allow more")

    @property
    def text_size(self) -> int:
        """Bytes of text, header and newlines included."""
        return self._file.text_size

    @property
    def file_size(self) -> int:
        """Bytes written."""
        return self._file.size

    def write_lines(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> int:
        """Write lines as far as they fit; return how many did. Once one did not, none is written."""
        for number, (line, mark) in enumerate(zip(lines, marks, strict=True)):
            if self._is_full or not self._fits(line):
                self._is_full = True
                return number
            self._file.add([(line, mark)])
        return len(lines)

    def finish(self) -> Path:
        """
        Write the end, and give the file its name.

        Raises:
            WriteError: If that fails.

        """
        self._file.end()
        if self._file.size > self._most:
            raise RecordingError(self._file.target.path, f"takes {self._file.size} bytes, more than {self._most}")
        self._file.target.sync()
        path = self._file.target.commit()
        self._on_finished(path)
        return path

    def discard(self) -> None:
        """Remove it."""
        self._file.target.remove()

    @property
    def _room(self) -> int:
        """Bytes that are left, if what waits in the compressor takes as many as it may."""
        return self._most - self._file.size - self._waiting - self._end - self._spare

    def _fits(self, line: bytes) -> bool:
        """Return whether a line certainly fits; then it is counted as waiting."""
        size = len(line) + 1
        if self._end:
            size += _OVERHEAD + size // 1000
        if self._file.size - self._looked_at > self._most // _LOOKS:
            self._look(self._file.end_size or 0)
        if size > self._room:
            self._file.flush()
            self._waiting = 0
            self._look(self._file.end_size or 0)
            if size > self._room and self._end:
                size = min(size, len(zlib.compress(line, 1)) * 21 // 20 + _OVERHEAD)
        if size > self._room:
            return False
        self._waiting += size
        return True

    def _look(self, end: int) -> None:
        """Take note how long the end would be now; it may grow as much again until the next look, and more."""
        growth = end - self._end if self._looked_at else 0
        self._spare = _SPARE + 2 * max(0, growth) if end else 0
        self._end = end
        self._looked_at = self._file.size
