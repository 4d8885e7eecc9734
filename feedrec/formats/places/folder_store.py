"""A folder of this machine, as a place: a disk that several machines have, or a test."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
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
        with self._telling(key), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return _stored(key, self._place(key).stat())
        return None

    def read(self, key: str, start: int, size: int, of: StoredObject | None = None) -> Piece:
        """See `Store`."""
        with self._telling(key), self._place(key).open("rb") as file:
            found = _stored(key, os.fstat(file.fileno()))
            if of is not None and found != of:
                raise ObjectChangedError(self._place(key), "was replaced while it was read: read it again")
            return Piece(start, os.pread(file.fileno(), size, start), found)

    def read_tail(self, key: str, size: int) -> Piece:
        """See `Store`."""
        with self._telling(key), self._place(key).open("rb") as file:
            found = _stored(key, os.fstat(file.fileno()))
            start = max(0, found.size - size)
            return Piece(start, os.pread(file.fileno(), size, start), found)

    def create(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        with self._telling(key), self._written_aside(key, content) as aside:
            os.link(aside, self._place(key))
        return self._found(key)

    def write(self, key: str, content: Content) -> StoredObject:
        """See `Store`."""
        with self._telling(key), self._written_aside(key, content) as aside:
            aside.replace(self._place(key))
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
        return self._folder / key

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
        descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=folder)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  a descriptor
                if isinstance(content, Path):
                    with content.open("rb") as source:
                        shutil.copyfileobj(source, file, 1 << 20)
                else:
                    file.write(content)
                file.flush()
                os.fsync(descriptor)
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _telling(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise ObjectMissingError(self._place(key), "no such file") from error
        except FileExistsError as error:
            raise ObjectExistsError(self._place(key), "already exists") from error
        except OSError as error:
            raise PlaceError(self._place(key), error.strerror or str(error)) from error


def _stored(key: str, status: os.stat_result) -> StoredObject:
    tag = f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}"
    return StoredObject(key, status.st_size, tag, status.st_mtime_ns)
