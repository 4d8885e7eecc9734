"""An object, read as if it were a file: in few requests, and all of them of the same object."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from weakref import WeakSet

from ...errors import ObjectChangedError
from ...threads import thread_for
from .opening import store_at
from .protocol import Piece, Store, StoredObject
from .read_ahead import FIRST_WINDOW, LARGEST_WINDOW, ReadAhead, Span
from .seen_objects import forget, keep_head, keep_tail, seen_object, tail_size
from .url_path import UrlPath, bucket_of

__all__ = ["ObjectFile"]

_ALL_WINDOWS = 128 << 20
"""Bytes that all open objects may have asked for and not used."""

_reading: WeakSet[ObjectFile] = WeakSet()


class ObjectFile:
    """
    An object, open for random access.

    Its first bytes are read when it is opened; its last ones together, when the first of them is needed. Between them,
    what is asked for grows as long as reading goes on, and the next window is asked for while one is used.

    Args:
        path: Its URL.

    Raises:
        ObjectMissingError: If there is none.
        PlaceError: If it cannot be read.

    """

    def __init__(self, path: UrlPath) -> None:
        self._path, self._store = path, store_at(bucket_of(path))
        self._seen = seen_object(path)
        self._size = self._seen.of.size
        self._ahead = ReadAhead(self._tail_start())
        self._windows: list[Piece] = []
        self._coming: _Coming | None = None
        self._lock = threading.Lock()
        self.is_closed = False

    def close(self) -> None:
        """Forget what was read."""
        self.is_closed = True
        self._windows, self._coming = [], None
        _reading.discard(self)

    def size(self) -> int:
        """Return its bytes."""
        return self._size

    def expect(self, spans: Sequence[Span]) -> None:
        """Take what will be read next, in ascending order: no more than that is asked for ahead."""
        with self._lock:
            self._ahead.expect(spans)

    def read_at(self, offset: int, size: int) -> bytes:
        """
        Return the bytes of a range, fewer at the end.

        Raises:
            ObjectChangedError: If it was replaced since it was opened.
            PlaceError: If it cannot be read.

        """
        end = min(offset + size, self._size)
        parts: list[bytes] = []
        with self._lock:
            try:
                while offset < end:
                    piece = self._piece_at(offset, end)
                    parts.append(piece.data[offset - piece.start : end - piece.start])
                    offset += len(parts[-1])
            except ObjectChangedError:
                forget(self._path)
                raise
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _piece_at(self, offset: int, end: int) -> Piece:
        """Return what has the byte at an offset, and more of what is needed if there is more."""
        seen = self._seen
        if offset < len(seen.head):
            return Piece(0, seen.head, seen.of)
        if offset >= self._tail_start():
            return self._tail_from(offset)
        piece = self._window_at(offset)
        if piece is None and end > self._tail_start() and self._tail_start() - offset <= LARGEST_WINDOW:
            return self._tail_from(offset)
        if piece is None:
            piece = self._read(self._ahead.window(offset, min(end, self._tail_start()), self._most()))
            if offset == len(seen.head):
                self._seen = keep_head(self._path, seen, piece.data)
            self._windows = [*self._windows[-1:], piece]
        if self._coming is None and piece is self._windows[-1]:
            self._ask_ahead()
        return piece

    def _window_at(self, offset: int) -> Piece | None:
        """Return a window that was read, or is coming; None if the byte is in neither."""
        for piece in self._windows:
            if piece.start <= offset < piece.start + len(piece.data):
                return piece
        coming = self._coming
        if coming is None:
            return None
        self._coming = None
        if not coming.span.start <= offset < coming.span.end:
            return None  # reading goes on elsewhere
        piece = coming.result()
        self._windows = [*self._windows[-1:], piece]
        return piece

    def _ask_ahead(self) -> None:
        _reading.add(self)
        span = self._ahead.ahead(self._most())
        tail = self._seen.tail
        if span is not None and tail is not None:
            span = Span(span.start, min(span.end, tail.start))
        if span is not None and span.start < span.end:
            self._coming = _Coming(self._store, self._path.key, span, self._seen.of)

    def _tail_from(self, start: int) -> Piece:
        """Return the end of the object, from an offset on: what of it is not there yet is read."""
        tail = self._seen.tail
        if tail is None or start < tail.start:
            start = min(start, self._tail_start())
            piece = self._read(Span(start, self._size if tail is None else tail.start))
            tail = piece if tail is None else Piece(start, piece.data + tail.data, piece.of)
            self._seen = keep_tail(self._path, self._seen, tail)
        return tail

    def _tail_start(self) -> int:
        tail = self._seen.tail
        return self._size - tail_size(self._size) if tail is None else tail.start

    def _read(self, span: Span) -> Piece:
        return self._store.read(self._path.key, span.start, span.end - span.start, self._seen.of)

    @staticmethod
    def _most() -> int:
        return max(FIRST_WINDOW, min(LARGEST_WINDOW, _ALL_WINDOWS // (2 * max(1, len(_reading)))))


class _Coming:
    """A window that a thread reads."""

    def __init__(self, store: Store, key: str, span: Span, of: StoredObject) -> None:
        self.span = span
        self._arguments = (store, key, of)
        self._piece: Piece | None = None
        self._error: BaseException | None = None
        self._thread = thread_for(self._read, "read-ahead")
        self._thread.start()

    def result(self) -> Piece:
        """Wait for it; raises what reading raised."""
        self._thread.join()
        if self._piece is None:
            assert self._error is not None  # noqa: S101  for mypy
            raise self._error
        return self._piece

    def _read(self) -> None:
        store, key, of = self._arguments
        try:
            self._piece = store.read(key, self.span.start, self.span.end - self.span.start, of)
        except BaseException as error:  # noqa: BLE001  it is raised where it is needed
            self._error = error
