"""Several files, or a folder of them, as the parts of one recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import NotARecordingError, RecordingError
from .opening import open_recording
from .target import PART_SUFFIX

__all__ = ["SUFFIXES", "find_recordings"]

SUFFIXES = (".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet")
"""What the names of recordings end with, but for `.part` behind the first two."""


def find_recordings(paths: Sequence[Path], *, by_name: bool = False) -> list[Path]:
    """
    Give the recordings that are meant: files as given, and for a folder those in it, in the order in which they began.

    In a folder only names that end as recordings do count, and of two names of one recording (`x` and `x.part`) the
    finished one; folders within are left alone. With `by_name` they come in the order of their names, unopened.

    Raises:
        NotARecordingError: If a folder holds no recording.
        RecordingError: If a file in a folder cannot be read as one.

    """
    found = []
    for path in paths:
        found += _recordings_in(path, by_name=by_name) if path.is_dir() else [path]
    return found


def _recordings_in(folder: Path, *, by_name: bool) -> list[Path]:
    try:
        names = {path.name: path for path in folder.iterdir() if path.name.removesuffix(PART_SUFFIX).endswith(SUFFIXES)}
    except OSError as error:
        raise RecordingError(folder, f"cannot be read: {error.strerror}") from error
    paths = [path for name, path in names.items() if not (name.endswith(PART_SUFFIX) and path.stem in names)]
    if not paths:
        raise NotARecordingError(
            folder, f"no recording in this folder: none of its files ends in {', '.join(SUFFIXES)}"
        )
    return sorted(paths, key=lambda path: (0 if by_name else _created(path), path.name))


def _created(path: Path) -> int:
    with open_recording(path) as recording:
        return recording.header.created
