"""Where the bytes of a recording go that is not a file: stdout, a pipe."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ...errors import WriteError

__all__ = ["STDOUT", "StreamTarget"]

STDOUT = Path("-")
"""The name of a stream in the place of a file: no name of a recording."""

_PIECE = 1 << 16  # as much as a pipe holds, so that `size` shows the progress of a slow reader


class StreamTarget:
    """A stream, such as stdout, that gets the lines as they come."""

    def __init__(self, stream: BinaryIO, name: Path = STDOUT) -> None:
        self.path = name
        self.size = 0
        self.identity = os.stat_result([0] * 10)
        self.busy_since: float | None = None
        self.on_removed: Callable[[], object] = lambda: None
        self.is_in_place, self.is_gone = True, False
        self.place: Path | None = None
        self.free_space = math.inf
        self._stream = stream
        self._file: int | None = None
        with contextlib.suppress(OSError, ValueError):  # a stream in memory, or a closed one
            stream.flush()
            self._file = stream.fileno()

    def write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                self.busy_since = time.monotonic()
                written = self._write(rest[:_PIECE])
                self.size += written
                rest = rest[written:]
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise WriteError(self.path, f"cannot be written: {reason}") from error
        finally:
            self.busy_since = None

    def _write(self, piece: memoryview) -> int:
        if self._file is not None:
            # Bypass the buffer of the stream: a thread stuck there holds a lock that Python needs to exit.
            return os.write(self._file, piece)
        self._stream.write(piece)
        self._stream.flush()
        return len(piece)

    def follow(self) -> bool:
        return False

    def cut(self, size: int) -> None:
        """Refuse: what was sent cannot be taken back."""
        raise WriteError(self.path, f"cannot be cut off after {size} bytes")

    def sync(self) -> None:
        """Do nothing: a stream has no storage device."""

    def commit(self) -> Path:
        return self.path

    def release(self) -> None:
        """Do nothing: the stream belongs to the caller."""

    def remove(self) -> None:
        """Do nothing: what was sent cannot be taken back."""
