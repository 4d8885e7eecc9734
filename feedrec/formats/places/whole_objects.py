"""Objects of servers that give no parts of them: read once, into files of this machine that nobody sees."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from ...errors import PlaceAwayError, PlaceError
from .protocol import Piece, StoredObject

__all__ = ["LARGEST_WHOLE", "WholeObjects"]

LARGEST_WHOLE = 2 << 30
"""Bytes: a larger object of such a server is to be fetched by whoever wants it."""

_MOST_KEPT = 4


class _Whole:
    """A file without a name, which is gone with this."""

    def __init__(self, descriptor: int, of: StoredObject) -> None:
        self.descriptor, self.of = descriptor, of

    def __del__(self) -> None:
        os.close(self.descriptor)


class WholeObjects:
    """
    The objects that were read whole: the last few.

    Args:
        fetch: Gives what is known of an object, and its bytes in pieces.

    """

    def __init__(self, fetch: Callable[[str], tuple[StoredObject, Iterable[bytes]]]) -> None:
        self._fetch = fetch
        self._kept: dict[str, _Whole] = {}
        self._lock = threading.Lock()

    def read(self, path: Path, key: str, start: int, size: int, of: StoredObject) -> Piece:
        """
        Return the bytes of a range, of the object as it was seen if it still is the same.

        Raises:
            PlaceError: If it is too large, the disk has no space for it, or it ends too early.

        """
        with self._lock:
            whole = self._kept.get(key)
            if whole is None or whole.of != of:
                whole = self._kept[key] = self._whole(path, key)
                for old in list(self._kept)[:-_MOST_KEPT]:
                    del self._kept[old]
            return Piece(start, os.pread(whole.descriptor, size, start), whole.of)

    def _whole(self, path: Path, key: str) -> _Whole:
        found, pieces = self._fetch(key)
        if found.size > LARGEST_WHOLE:
            raise PlaceError(
                path, f"its server gives no parts of objects, and it has {found.size} bytes: fetch it first"
            )
        with tempfile.TemporaryFile(prefix="feedrec-") as file:
            try:
                for piece in pieces:
                    file.write(piece)
                    if file.tell() > found.size:
                        break
                file.flush()
            except OSError as error:
                raise PlaceError(path, f"cannot be kept in {tempfile.gettempdir()}: {error.strerror}") from error
            if file.tell() != found.size:
                raise PlaceAwayError(path, f"the answer has {file.tell()} of {found.size} bytes")
            return _Whole(os.dup(file.fileno()), found)
