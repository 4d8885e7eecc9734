"""An object, read as if it were a file: in few requests, and all of them of the same object."""

from __future__ import annotations

from .opening import bucket_of, store_at
from .protocol import Piece, StoredObject
from .read_ahead import ReadAhead
from .url_path import UrlPath

__all__ = ["ObjectFile"]

_HEAD, _TAIL = 64 << 10, 512 << 10


class ObjectFile:
    """
    An object, open for random access.

    Args:
        path: Its URL.

    Raises:
        ObjectMissingError: If there is none.
        PlaceError: If it cannot be read.

    """

    def __init__(self, path: UrlPath) -> None:
        self._path, self._store = path, store_at(bucket_of(path))
        self._ahead = ReadAhead()
        head = self._store.read(path.key, 0, _HEAD)
        self._object: StoredObject = head.of
        self._pieces: list[Piece] = [head]
        self.is_closed = False

    def close(self) -> None:
        """Forget what was read."""
        self.is_closed = True
        self._pieces.clear()

    def size(self) -> int:
        """Return its bytes."""
        return self._object.size

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Return the bytes of a range, fewer at the end.

        Raises:
            ObjectChangedError: If it was replaced since it was opened.
            PlaceError: If it cannot be read.

        """
        end = min(offset + size, self._object.size)
        if offset >= end:
            return b""
        for piece in reversed(self._pieces):
            if piece.start <= offset and end <= piece.start + len(piece.data):
                return piece.data[offset - piece.start : end - piece.start]
        wanted = self._ahead.window(offset, end - offset)
        piece = self._store.read(self._path.key, offset, wanted, self._object)
        self._pieces = [*self._pieces[-2:], piece]
        return piece.data[: end - offset]
