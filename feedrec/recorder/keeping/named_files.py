"""Finds files by their names: those that a naming gives, and nothing else, whatever is around them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...formats.file.names import later_paths
from ...formats.file.naming.file_naming import FileNaming

__all__ = ["Identity", "NamedFile", "empty_folders", "files_named"]

Identity = tuple[int, int, int, int]
"""Device, inode, size, and when it was last changed: what another file does not have."""


class NamedFile(NamedTuple):
    """
    A file that has a name of a naming.

    Attributes:
        place: Where its finished name is in the order of names.
        path: The file: finished, a journal, or not finished.
        status: Its status.

    """

    place: tuple[int, int]
    path: Path
    status: os.stat_result

    @property
    def identity(self) -> Identity:
        """Which file it is."""
        return self.status.st_dev, self.status.st_ino, self.status.st_size, self.status.st_mtime_ns

    @property
    def is_finished(self) -> bool:
        """Whether it has its last name."""
        return later_paths(self.path)[-1] == self.path


def files_named(naming: FileNaming) -> Iterator[NamedFile]:
    """Yield the files with names of a naming, finished or not; no links, and none that a link leads to."""
    for entry, level in _entries(naming, naming.folder, 0):
        if level == naming.depth - 1:
            path = Path(entry)
            place = naming.place_of(later_paths(path)[-1])
            if place is not None and (status := _status(entry)) is not None:
                yield NamedFile(place, path, status)


def empty_folders(naming: FileNaming) -> Iterator[Path]:
    """Yield the folders below that of a naming that have such names and nothing in them."""
    for entry, level in _entries(naming, naming.folder, 0):
        if _leads_on(naming, entry, level):
            with os.scandir(entry) as inner:
                if next(inner, None) is None:
                    yield Path(entry)


def _entries(naming: FileNaming, folder: Path | str, level: int) -> Iterator[tuple[os.DirEntry[str], int]]:
    """Yield what is in a folder, and in those below it that may lead to files, in whatever order."""
    try:
        found = list(os.scandir(folder))
    except OSError:
        return
    for entry in found:
        if _leads_on(naming, entry, level):
            yield from _entries(naming, entry.path, level + 1)
        yield entry, level


def _leads_on(naming: FileNaming, entry: os.DirEntry[str], level: int) -> bool:
    return naming.may_lead_on(entry.name, level) and entry.is_dir(follow_symlinks=False)


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    """Return the status of a regular file; None for anything else, or what is gone."""
    try:
        return entry.stat(follow_symlinks=False) if entry.is_file(follow_symlinks=False) else None
    except OSError:
        return None
