"""Several files, or a folder of them, as the parts of one recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import NotARecordingError, RecordingError
from ..file.names import RECORDING_SUFFIXES, counts_as_recording
from ..file.opening import open_recording, under_current_name

__all__ = ["find_recordings"]


def find_recordings(
    paths: Sequence[Path], *, by_name: bool = False, on_bad: Callable[[RecordingError], object] | None = None
) -> list[Path]:
    """
    Give the recordings that are meant: files as given, and for a folder those in it, in the order in which they began.

    In a folder only names that end as recordings do count, and of two names of one recording (`x` and `x.part`, or a
    Parquet file and its journal) the finished one; folders within, and what a repair is writing, are left alone. With
    `by_name` they come in the order of their names, unopened. `on_bad` is told of those in a folder that cannot be
    read, which are left out then.

    Raises:
        NotARecordingError: If a folder holds no recording.
        RecordingError: If a file in a folder cannot be read as one.

    """
    found = []
    for path in paths:
        found += _recordings_in(path, by_name, on_bad) if os.path.isdir(path) else [path]  # noqa: PTH112  Path.is_dir may raise
    return found


def _recordings_in(
    folder: Path,
    by_name: bool,  # noqa: FBT001  as it was given
    on_bad: Callable[[RecordingError], object] | None,
) -> list[Path]:
    try:
        paths = {path.name: path for path in folder.iterdir()}
    except OSError as error:
        raise RecordingError(folder, f"cannot be read: {error.strerror}") from error
    found = [path for name, path in paths.items() if counts_as_recording(name, paths)]
    if not found:
        raise NotARecordingError(
            folder, f"no recording in this folder: none of its files ends in {', '.join(RECORDING_SUFFIXES)}"
        )
    begun: dict[Path, int] = {}
    for path in found:
        try:
            begun[path] = 0 if by_name else under_current_name(path, _created)
        except RecordingError as error:
            if on_bad is None:
                raise
            on_bad(error)
    return sorted(begun, key=lambda path: (begun[path], path.name))


def _created(path: Path) -> int:
    with open_recording(path) as recording:
        return recording.header.created
