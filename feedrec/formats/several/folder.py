"""Finds recordings in folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import NotARecordingError, RecordingError
from ..file.names import RECORDING_SUFFIXES, counts_as_recording, in_rotation_order, natural_key
from ..file.opening import open_recording, under_current_name

__all__ = ["find_recordings"]


def find_recordings(
    paths: Sequence[Path],
    *,
    by_name: bool = False,
    on_bad: Callable[[RecordingError], object] | None = None,
    begun_at: Callable[[Path], int] | None = None,
) -> list[Path]:
    """
    Return recordings: files as passed, and in place of a folder those in it, in the order in which they began.

    Files of one rotation come in the order of their numbers. A file in a folder counts if it has the suffix of a
    recording; of two names of one recording (`x` and `x.part`, or a Parquet file and its journal) the finished one
    counts; what a repair is writing does not. A folder that has no recording itself stands for those in the folders
    below it, as a recorder makes them from a template; hidden ones, and links to folders, are left out.

    Args:
        paths: Files and folders.
        by_name: Order the files of a folder by name, without opening them.
        begun_at: Returns when a recording was created, in nanoseconds; by default it is opened for that.
        on_bad: Called with the error for each file in a folder that cannot be read; the file is left out. Without it,
            the error is raised.

    Raises:
        NotARecordingError: If a folder has no recording in it, nor below it.
        RecordingError: If a file in a folder cannot be read.

    """
    found: list[Path] = []
    for path in in_rotation_order(paths):
        found += _recordings_in(path, begun_at or _created, by_name, on_bad) if os.path.isdir(path) else [path]  # noqa: PTH112  Path.is_dir may raise
    return found


def _recordings_in(
    folder: Path,
    begun_at: Callable[[Path], int],
    by_name: bool,  # noqa: FBT001  passed on
    on_bad: Callable[[RecordingError], object] | None,
) -> list[Path]:
    found = _found_in(folder) or [path for below in _folders_in(folder) for path in _found_below(below)]
    if not found:
        raise NotARecordingError(
            folder, f"no recording in this folder: no file name ends in {', '.join(RECORDING_SUFFIXES)}"
        )
    begun: dict[Path, int] = {}
    for path in found:
        try:
            begun[path] = 0 if by_name else under_current_name(path, begun_at)
        except RecordingError as error:
            if on_bad is None:
                raise
            on_bad(error)
    return sorted(begun, key=lambda path: (begun[path], [natural_key(part) for part in path.relative_to(folder).parts]))


def _found_in(folder: Path) -> list[Path]:
    paths = {path.name: path for path in _entries(folder)}
    return [path for name, path in paths.items() if counts_as_recording(name, paths)]


def _found_below(folder: Path) -> list[Path]:
    return _found_in(folder) + [path for below in _folders_in(folder) for path in _found_below(below)]


def _folders_in(folder: Path) -> list[Path]:
    return [
        path for path in _entries(folder) if not path.name.startswith(".") and path.is_dir() and not path.is_symlink()
    ]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise RecordingError(folder, f"cannot be read: {error.strerror}") from error


def _created(path: Path) -> int:
    with open_recording(path) as recording:
        return recording.header.created
