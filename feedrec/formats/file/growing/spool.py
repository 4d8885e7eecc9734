"""A temporary file for what pyarrow writes, on its way to a recording."""

from __future__ import annotations

import os
import tempfile
import weakref
from typing import Any, cast

import pyarrow as pa

__all__ = ["Spool"]


class Spool:
    """
    A temporary file that holds no more than a row group; see `parquet_sink.Sink`.

    A stream in Python would be handed a copy of each page, next to the three that pyarrow has in memory while it writes
    one, and a page may be a message of 64 MiB.

    Attributes:
        stream: What pyarrow is given.

    """

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile() as named:
            self.stream: Any = pa.OSFile(named.name, "wb")
            self._file = os.dup(named.fileno())
        self._taken = 0
        weakref.finalize(self, os.close, self._file)

    def tell(self) -> int:
        """Return the number of bytes written."""
        return cast("int", self.stream.tell())

    def take(self) -> bytes:
        """Return what was written since the last call; the file keeps none of it."""
        size = self.tell() - self._taken
        data = os.pread(self._file, size, self._taken)
        if len(data) != size:
            raise OSError("a temporary file lost what was written to it")
        self._taken += size
        os.truncate(self._file, 0)  # what is written next follows a hole, which takes no space
        return data
