"""What of a folder is shipped: its finished recordings, and those in the folders below it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import RecordingError
from ...formats.file.names import (
    SHIPPED_SUFFIX,
    counts_as_recording,
    finished_path,
    is_journal,
    is_part,
    natural_key,
    pending_path,
    previous_path,
    table_path,
)

__all__ = ["FolderContent", "look_into"]


class FolderContent(NamedTuple):
    """
    The recordings in a folder.

    Attributes:
        finished: Those that can be shipped, in the order of their names; no links.
        unfinished: Those that are being written, or were when their recorder was killed, and journals of Parquet files.
        pending: Finished ones with which a recorder has still something to do.
        needed: Finished ones that the file after them still needs.
        marks: Names of recordings that are gone, beside marks that they were shipped.

    """

    finished: list[Path]
    unfinished: list[Path]
    pending: list[Path]
    needed: set[Path]
    marks: list[Path]

    def joined(self, other: FolderContent) -> FolderContent:
        """Return these recordings, and those of another folder after them."""
        return FolderContent(
            self.finished + other.finished,
            self.unfinished + other.unfinished,
            self.pending + other.pending,
            self.needed | other.needed,
            self.marks + other.marks,
        )


def look_into(folder: Path, without: Path | None = None) -> FolderContent:
    """
    Return the recordings in a folder and below it; hidden folders and links are left out.

    Args:
        folder: The folder.
        without: A folder that is left out, as where the recordings are shipped to.

    Raises:
        RecordingError: If the folder cannot be read.

    """
    content = FolderContent([], [], [], set(), [])
    for path, is_marked in _recordings(folder, without, content.marks):
        if is_marked and (before := previous_path(finished_path(path))) is not None:
            content.needed.add(before)
        if is_part(path) or is_journal(path):
            content.unfinished.append(path)
        elif is_marked:
            content.pending.append(path)
        else:
            content.finished.append(path)
    for paths in content[:3]:
        paths.sort(key=lambda path: [natural_key(part) for part in path.relative_to(folder).parts])
    return content


def _recordings(folder: Path, without: Path | None, marks: list[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield recordings, and whether each has a mark that something is to be done with it; add marks of none."""
    try:
        entries = {entry.name: entry for entry in os.scandir(folder)}
    except OSError as error:
        raise RecordingError(folder, f"cannot be read: {error.strerror}") from error
    for name, entry in entries.items():
        path = folder / name
        if entry.is_dir(follow_symlinks=False):
            if not name.startswith(".") and not _is_one(path, without):
                yield from _recordings(path, without, marks)
        elif counts_as_recording(name, entries) and _is_file(entry):
            last = table_path(path) if is_journal(path) else path
            yield path, pending_path(last).name in entries
        elif name.endswith(SHIPPED_SUFFIX) and name.removesuffix(SHIPPED_SUFFIX) not in entries:
            marks.append(folder / name.removesuffix(SHIPPED_SUFFIX))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
    except OSError:  # it is gone
        return False


def _is_one(path: Path, other: Path | None) -> bool:
    """Return whether two names lead to one folder."""
    try:
        return other is not None and path.samefile(other)
    except OSError:  # it is not there yet
        return False
