"""
Finds files by their names: those that a naming gives, and nothing else, whatever is around them.

Whoever looks again and again, among ten thousand files, keeps a `NamedFiles`: it lists a folder again only if that has
changed, so that a look costs a recorder next to nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...formats.file.lock import Identity, identity_of
from ...formats.file.names import later_paths, pending_path, state_path
from ...formats.file.naming.file_naming import FileNaming

__all__ = ["NamedFile", "NamedFiles"]

_SETTLED_AFTER = 2_000_000_000  # nanoseconds after which another change of a folder has another time, wherever it is


class NamedFile(NamedTuple):
    """
    A file that has a name of a naming.

    Attributes:
        place: Where its finished name is in the order of names.
        path: The file: finished, a journal, or not finished.
        identity: Which file it is.
        size: Its bytes, with those of its checkpoints.
        is_finished: Whether it has its last name.
        is_pending: Whether something must still be done with it.

    """

    place: tuple[int, int]
    path: Path
    identity: Identity
    size: int
    is_finished: bool
    is_pending: bool


class _Folder(NamedTuple):
    """What was seen in a folder."""

    changed: int
    is_settled: bool
    is_empty: bool
    files: list[NamedFile]
    folders: list[str]


class NamedFiles:
    """
    The files that have names of a naming.

    Args:
        naming: The naming.
        wall: Returns the wall time of the file systems, in nanoseconds.

    """

    def __init__(self, naming: FileNaming, wall: Callable[[], int] = time.time_ns) -> None:
        self._naming, self._wall = naming, wall
        self._known: dict[str, _Folder] = {}

    def look(self) -> list[NamedFile]:
        """Return the files, finished or not, in the order of their names; no links, and none that a link leads to."""
        seen: dict[str, _Folder] = {}
        self._look_into(os.fspath(self._naming.folder), 0, seen)
        self._known = seen
        return sorted(file for folder in seen.values() for file in folder.files)

    def empty_folders(self) -> Iterator[tuple[Path, int]]:
        """Yield the folders below that of the naming in which nothing was seen, and when they were last changed."""
        for path, folder in self._known.items():
            if folder.is_empty and path != os.fspath(self._naming.folder):
                yield Path(path), folder.changed

    def forget(self, folder: Path) -> None:
        """List a folder anew at the next look: something in it is not as it was seen."""
        self._known.pop(os.fspath(folder), None)

    def _look_into(self, path: str, level: int, seen: dict[str, _Folder]) -> None:
        try:
            changed = os.stat(path, follow_symlinks=not level).st_mtime_ns  # noqa: PTH116  ten thousand times
            folder = self._known.get(path)
            if folder is None or folder.changed != changed or not folder.is_settled:
                folder = self._listed(path, level, changed)
        except OSError:  # it is gone, or closed to us
            return
        seen[path] = folder
        for below in folder.folders:
            self._look_into(below, level + 1, seen)

    def _listed(self, path: str, level: int, changed: int) -> _Folder:
        is_settled = self._wall() - changed > _SETTLED_AFTER
        entries = {entry.name: entry for entry in os.scandir(path)}
        folders = [
            entry.path
            for name, entry in entries.items()
            if self._naming.may_lead_on(name, level) and entry.is_dir(follow_symlinks=False)
        ]
        files = list[NamedFile]()
        if level == self._naming.depth - 1:
            files += (file for entry in entries.values() if (file := self._named(entry, entries)) is not None)
        return _Folder(changed, is_settled, not entries, files, folders)

    def _named(self, entry: os.DirEntry[str], entries: dict[str, os.DirEntry[str]]) -> NamedFile | None:
        path = Path(entry.path)
        final = later_paths(path)[-1]
        place = self._naming.place_of(final)
        try:
            if place is None or not entry.is_file(follow_symlinks=False):
                return None
            status = entry.stat(follow_symlinks=False)
            state = entries.get(state_path(path).name)
            size = status.st_size + (0 if state is None else state.stat(follow_symlinks=False).st_size)
        except OSError:  # it is gone
            return None
        return NamedFile(place, path, identity_of(status), size, final == path, pending_path(path).name in entries)
