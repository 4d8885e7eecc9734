"""
Files of a folder that get their names together, when all of them are whole.

Until then they are in a folder of their own within it, `.export-*.part`, which holds a lock. What a killed process left
there is removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..errors import RecordingExistsError, WriteError
from ..formats.file.lock import is_locked, lock_if_possible, rename_to_free_name, sync_folder
from ..formats.file.modes import USUAL, FileMode
from ..formats.file.names import PART_SUFFIX

__all__ = ["StagedFolder"]

_PREFIX = ".export-"


class StagedFolder:
    """
    Files that are written, and named in the end.

    Args:
        folder: Where they go; it is made if it does not exist.
        overwrite: Whether they may replace files that have their names.
        mode: Who may read them.

    Raises:
        WriteError: If nothing can be written there.

    """

    def __init__(self, folder: Path, *, overwrite: bool = False, mode: FileMode = USUAL) -> None:
        self.folder = folder
        self._overwrite, self._mode = overwrite, mode
        self._names: dict[str, None] = {}
        self._is_new = not folder.exists()
        if self._is_new and folder.is_symlink():
            raise WriteError(folder, "is a link to what does not exist: name a folder")
        with self._writing():
            folder.mkdir(parents=True, exist_ok=True)
            _remove_leftovers(folder)
            first = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
            self._lock = os.open(first, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            lock_if_possible(self._lock)  # before it has the name by which it would count as left over
            self._stage = first.with_name(f"{first.name}{PART_SUFFIX}")
            first.rename(self._stage)

    def create(self, name: str) -> Path:
        """
        Begin a file; return under which name it is until `commit`. It is empty.

        Raises:
            RecordingExistsError: If its name is taken, and may not be.
            WriteError: If it cannot be created.

        """
        if not self._overwrite and os.path.lexists(self.folder / name):
            raise _taken(self.folder / name)
        path = self._stage / name
        with self._writing(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = self._mode.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC)
            try:
                self._mode.set_exact(descriptor)
            finally:
                os.close(descriptor)
        self._names[name] = None
        return path

    def append(self, name: str, data: bytes) -> None:
        """
        Write to a file. It is open only meanwhile, so that there may be any number of files.

        Raises:
            WriteError: If that fails.

        """
        with self._writing(name):
            descriptor = os.open(self._stage / name, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
            finally:
                os.close(descriptor)

    def remove(self, name: str) -> None:
        """Take a file back."""
        del self._names[name]
        with self._writing(name):
            (self._stage / name).unlink()

    def commit(self) -> list[Path]:
        """
        Give all files their names; return these.

        Raises:
            RecordingExistsError: If one is taken, and may not be; then none has one.
            WriteError: If that fails; then none has one but those that replaced another file.

        """
        done: list[Path] = []
        try:
            for name in self._names:
                with self._writing(name):
                    _sync(self._stage / name)
            for name in self._names:
                self._give_name(name)
                done.append(self.folder / name)
        except BaseException:
            if not self._overwrite:
                for path in done:
                    path.unlink(missing_ok=True)
            self._remove_empty_folders()
            self.discard()
            raise
        for folder in {self.folder, *(path.parent for path in done)}:
            sync_folder(folder)
        self.discard()
        return done

    def discard(self) -> None:
        """Remove what has no name yet."""
        if self._lock >= 0:
            shutil.rmtree(self._stage, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1
            if self._is_new:
                with contextlib.suppress(OSError):  # there is something in it
                    self.folder.rmdir()

    def _remove_empty_folders(self) -> None:
        """Remove folders that were made for files, and have none."""
        within = {parent for name in self._names for parent in Path(name).parents} - {Path()}
        for folder in sorted(within, key=lambda one: len(one.parts), reverse=True):
            with contextlib.suppress(OSError):  # there is something in it
                (self.folder / folder).rmdir()

    def _give_name(self, name: str) -> None:
        path = self.folder / name
        with self._writing(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            if self._overwrite:
                (self._stage / name).replace(path)
                return
            try:
                rename_to_free_name(self._stage / name, path)
            except FileExistsError:
                raise _taken(path) from None

    @contextlib.contextmanager
    def _writing(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise WriteError(self.folder / name, f"cannot be written: {error.strerror}") from error


def _taken(path: Path) -> RecordingExistsError:
    return RecordingExistsError(path, "already exists: choose another folder, or use --overwrite")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left."""
    for left in folder.glob(f"{_PREFIX}*{PART_SUFFIX}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                if not is_locked(descriptor):
                    shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(descriptor)
