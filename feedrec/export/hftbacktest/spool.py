"""
Rows that wait in a file until a day is over: a day may have more than there is memory.

The file has no name, so nothing is left of it when its process ends, however it does.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...errors import WriteError
from .rows import NARROW, Rows

__all__ = ["Piece", "Spool"]


class Piece(NamedTuple):
    """
    Rows that follow each other in a spool.

    Attributes:
        start: The number of the first.
        size: How many there are.

    """

    start: int
    size: int


class Spool:
    """
    A file for rows, beside what is made of them.

    Args:
        folder: Where it is.

    Raises:
        WriteError: If it cannot be created.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        with self._explaining_errors():
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115  `close` does it

    def append(self, rows: Rows) -> Piece:
        """
        Add rows at the end.

        Raises:
            WriteError: If that fails.

        """
        piece = Piece(self._count, len(rows))
        rest = np.ascontiguousarray(rows).view(np.uint8).data
        offset = piece.start * NARROW.itemsize
        with self._explaining_errors():
            while rest:
                written = os.pwrite(self._file.fileno(), rest, offset)
                rest, offset = rest[written:], offset + written
        self._count += piece.size
        return piece

    def read(self, pieces: Sequence[Piece]) -> Rows:
        """
        Return the rows of pieces, one after another.

        Raises:
            WriteError: If they cannot be read.

        """
        rows = np.empty(sum(piece.size for piece in pieces), NARROW)
        rest = rows.view(np.uint8).data
        with self._explaining_errors():
            for start, size in pieces:
                self._read_into(rest[: size * NARROW.itemsize], start * NARROW.itemsize)
                rest = rest[size * NARROW.itemsize :]
        return rows

    def close(self) -> None:
        """Forget all."""
        self._file.close()

    def _read_into(self, rest: memoryview, offset: int) -> None:
        while rest:
            size = os.preadv(self._file.fileno(), [rest], offset)
            if not size:
                raise OSError(0, "what was written before is not there any more")
            rest, offset = rest[size:], offset + size

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = "it does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise WriteError(self._folder, f"cannot be written to: {reason}") from error
