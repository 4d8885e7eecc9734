"""A folder of this machine, as a place: a disk that several machines have, or a test."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ...errors import ObjectChangedError, ObjectExistsError, ObjectMissingError, PlaceError
from .protocol import Content, Piece, StoredObject

__all__ = ["FolderStore"]

_UNFINISHED = ".feedrec-"


class FolderStore:
    """
    A folder, in which keys are names of files.

    Args:
        folder: The folder; it is made when something is written.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> StoredObject | None:
        """See `Store`."""
        try:
            with self._telling(key):
                status = self._place(key).stat()
        except ObjectMissingError:
            return None
        return _stored(key, status) if stat.S_ISREG(status.st_mode) else None

    def read(self, key: str, start: int, size: int, of: StoredObject | None = None) -> Piece:
        """See `Store`."""
        with self._telling(key), self._opened(key) as file:
            found = _stored(key, os.fstat(file))
            if of is not None and found != of:
                raise ObjectChangedError(self._place(key), "was replaced while it was read: read it again")
            return Piece(start, _read(file, start, size), found)

    def create(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        with self._telling(key), self._written_aside(key, content) as aside:
            os.link(aside, self._place(key))
            _keep_name(self._place(key))
        return self._found(key)

    def write(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        with self._telling(key), self._written_aside(key, content) as aside:
            aside.replace(self._place(key))
            _keep_name(self._place(key))
        return self._found(key)

    def write_in_parts(self, key: str, content: Path) -> StoredObject:
        """See `Store`."""
        return self.write(key, content)

    def copy(self, source: str, target: str) -> StoredObject:
        """See `Store`."""
        if self.find(source) is None:
            raise ObjectMissingError(self._place(source), "no such file")
        return self.create(target, self._place(source))

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """See `Store`."""
        for folder, _, names in os.walk(self._place(prefix)):
            for name in names:
                if not name.startswith(_UNFINISHED):
                    key = Path(folder, name).relative_to(self._folder).as_posix()
                    if (found := self.find(key)) is not None:
                        yield found

    def delete(self, key: str) -> None:
        """See `Store`."""
        with self._telling(key):
            self._place(key).unlink(missing_ok=True)

    def _place(self, key: str) -> Path:
        """Return the file of a key: one in the folder, whatever the key is."""
        if "\0" in key or key.startswith("/") or ".." in key.split("/"):
            raise PlaceError(self._folder, f"no file in it can have the name {key!a}")
        return self._folder / key

    @contextlib.contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        """Open a file for reading; a pipe, which could be waited for without end, is none."""
        descriptor = os.open(self._place(key), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ObjectMissingError(self._place(key), "is no file")
            yield descriptor
        finally:
            os.close(descriptor)

    def _found(self, key: str) -> StoredObject:
        found = self.find(key)
        if found is None:
            raise PlaceError(self._place(key), "is not there after it was written")
        return found

    @contextlib.contextmanager
    def _written_aside(self, key: str, content: Content) -> Iterator[Path]:
        """Give a whole copy under another name, which is removed if it still has that afterwards."""
        folder = self._place(key).parent
        folder.mkdir(parents=True, exist_ok=True)
        name = folder / f"{_UNFINISHED}{secrets.token_hex(8)}"
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)  # as new files have it
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor
                if isinstance(content, Path):
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(content)
                file.flush()
                os.fsync(descriptor)
            yield name
        finally:
            name.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ObjectMissingError(self._place(key), "no such file") from error
        except FileExistsError as error:
            raise ObjectExistsError(self._place(key), "already exists") from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ObjectMissingError(self._place(key), "is a link to itself") from error
            raise PlaceError(self._place(key), error.strerror or str(error)) from error


def _read(descriptor: int, start: int, size: int) -> bytes:
    """Return what is in a range: the system gives at most 2 GB at once, and may give less."""
    pieces: list[bytes] = []
    while size > 0 and (piece := os.pread(descriptor, min(size, 1 << 30), start)):
        pieces.append(piece)
        start, size = start + len(piece), size - len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _keep_name(path: Path) -> None:
    """See that a name is still there after the machine failed."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _stored(key: str, status: os.stat_result) -> StoredObject:
    tag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
    return StoredObject(key, status.st_size, tag, status.st_mtime_ns)
