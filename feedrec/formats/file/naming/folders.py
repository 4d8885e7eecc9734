"""
The folders in which the files of a run are begun: which must be there, and which are made.

A folder that is gone is mostly that of a file system that is gone: to make it again would fill another disk.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ....errors import WriteError
from ..lock import sync_folder
from .file_naming import FileNaming

__all__ = ["Folders"]


class Folders:
    """
    The folders below that of a naming.

    Args:
        naming: The naming.
        is_live: Whether what is mounted may be gone later, and is waited for then.

    Attributes:
        naming: As given, or the same below where its folder was moved.

    """

    def __init__(self, naming: FileNaming, *, is_live: bool) -> None:
        self.naming = naming
        self._is_live = is_live
        self._mounts: set[Path] = set()
        self._made: list[Path] = []

    def follow(self, present: Path) -> None:
        """Take note of where the present file is: if the folder is not where it was, it was moved with the file."""
        there = present.parents[self.naming.depth - 1]
        if not self.naming.folder.exists() and there.exists():
            self.naming = self.naming.moved_to(there)

    def make(self, path: Path, *, is_first: bool) -> None:
        """
        Have the folder of a file, before it is begun.

        Args:
            path: Its name.
            is_first: Whether it is the first: only then may what all names are below be made.

        Raises:
            WriteError: If what is mounted there is gone, or the operating system reports an error.

        """
        below = [path.parents[level] for level in range(self.naming.depth)]  # the last is that of the naming
        if any(folder in self._mounts and not os.path.ismount(folder) for folder in below):
            raise WriteError(path, "its file system is not mounted")
        if self.naming.depth > 1:
            self._make_all(path, is_first=is_first)
        if self._is_live:
            self._mounts.update(folder for folder in below if folder not in self._mounts and os.path.ismount(folder))

    def take_back(self) -> None:
        """Remove those made for a file that is not wanted, if nothing else is in them."""
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _make_all(self, path: Path, *, is_first: bool) -> None:
        """Make what is missing, from the top; each is on the storage device, as the file will be."""
        root = self.naming.folder
        wanted = [path.parent, *path.parent.parents]
        if not is_first:
            wanted = wanted[: wanted.index(root)]
        try:
            missing = [folder for folder in wanted if not os.path.lexists(folder)]
            self._made = missing[::-1]
            for folder in self._made:
                folder.mkdir(exist_ok=True)
                sync_folder(folder.parent)
        except OSError as error:
            reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror
            raise WriteError(path, f"cannot be written: {reason}") from error
