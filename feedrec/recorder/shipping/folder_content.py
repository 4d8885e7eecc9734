"""What of a folder is shipped: its finished recordings, and those in the folders below it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import RecordingError
from ...formats.file.names import (
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

    """

    finished: list[Path]
    unfinished: list[Path]
    pending: list[Path]
    needed: set[Path]


def look_into(folder: Path, without: Path | None = None) -> FolderContent:
    """
    Return the recordings in a folder and below it; hidden folders and links are left out.

    Args:
        folder: The folder.
        without: A folder that is left out, as where the recordings are shipped to.

    Raises:
        RecordingError: If the folder cannot be read.

    """
    content = FolderContent([], [], [], set())
    for path, is_marked in _recordings(folder, without):
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


def _recordings(folder: Path, without: Path | None) -> Iterator[tuple[Path, bool]]:
    """Yield recordings, and whether each has a mark that something is to be done with it."""
    try:
        entries = {entry.name: entry for entry in os.scandir(folder)}
    except OSError as error:
        raise RecordingError(folder, f"cannot be read: {error.strerror}") from error
    for name, entry in entries.items():
        path = folder / name
        if entry.is_dir(follow_symlinks=False):
            if not name.startswith(".") and path != without:
                yield from _recordings(path, without)
        elif counts_as_recording(name, entries) and _is_file(entry):
            last = table_path(path) if is_journal(path) else path
            yield path, pending_path(last).name in entries


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
    except OSError:  # it is gone
        return False
