"""A small file that gets its name when it is whole, in place of what had it; if that fails, nothing has changed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..file.lock import give_name, is_at, lock, sync_folder, unlink_if_at
from ..file.modes import FileMode
from ..file.names import part_path

__all__ = ["AsideFile", "OtherWriterError"]


class OtherWriterError(OSError):
    """Another process is writing the same file."""


class AsideFile:
    """
    A file that is written as `NAME.part` until it is committed; what a killed process left there is removed.

    Args:
        path: Its final name. A link that has it is replaced, not followed.
        mode: Who may read it.

    Attributes:
        size: Bytes written so far.

    Raises:
        OtherWriterError: If another process is writing it.
        OSError: If it cannot be created.

    """

    def __init__(self, path: Path, mode: FileMode) -> None:
        self._path, self._part = path, part_path(path)
        self.size = 0
        self._file = self._create(mode)

    def write(self, data: bytes) -> None:
        """
        Append.

        Raises:
            OSError: If the operating system reports an error.

        """
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.size += len(data)

    def commit(self, *, sync: bool = True, overwrite: bool = True) -> None:
        """
        Give it its final name.

        Args:
            sync: Whether to have it on the storage device; else a power loss may leave it cut off.
            overwrite: Whether it may take the place of another file.

        Raises:
            FileExistsError: If the name is taken and `overwrite` is false; then it is gone.
            OSError: If the operating system reports an error; then it is gone.

        """
        try:
            if sync:
                os.fsync(self._file)
            give_name(self._file, self._part, self._path, overwrite=overwrite)
            unlink_if_at(self._file, self._part)
        except BaseException:
            self.discard()
            raise
        os.close(self._file)
        if sync:
            sync_folder(self._path.parent)

    def discard(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            unlink_if_at(self._file, self._part)
        with contextlib.suppress(OSError):
            os.close(self._file)

    def _create(self, mode: FileMode) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            file = mode.open(self._part, flags)
        except FileExistsError:
            self._remove_leftover()
            file = mode.open(self._part, flags)
        try:
            with contextlib.suppress(BlockingIOError, OSError):  # a file system without locks
                lock(file)
            mode.set_exact(file)
        except BaseException:
            unlink_if_at(file, self._part)
            os.close(file)
            raise
        return file

    def _remove_leftover(self) -> None:
        """Remove what a killed process left under the name, unless one that lives is writing it."""
        try:
            left = os.open(self._part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return
        except OSError:  # a link, perhaps
            self._part.unlink()
            return
        try:
            lock(left)
        except BlockingIOError:
            raise OtherWriterError(f"another process is writing {self._part}") from None
        except OSError:
            pass
        else:
            if is_at(left, self._part):
                self._part.unlink()
        finally:
            os.close(left)
