"""Several files, or a folder of them, as the parts of one recording."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

from ..errors import NotARecordingError, RecordingError
from .opening import open_recording
from .places import JOURNAL_SUFFIX, WORK_MARK
from .target import PART_SUFFIX

__all__ = ["SUFFIXES", "find_recordings", "under_its_name"]

_Result = TypeVar("_Result")

SUFFIXES = (".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet")
"""What the names of recordings end with, but for `.part` behind all but the last."""


def under_its_name(path: Path, use: Callable[[Path], _Result]) -> _Result:
    """
    Do something with a recording that may have got another name since it was found.

    A recorder finishes `x.jsonl.zst.part` as `x.jsonl.zst`, and a journal `x.parquet.jsonl.zst` as `x.parquet`.

    Args:
        path: Its name when it was found.
        use: Is given the name that it has now.

    Raises:
        NotARecordingError: If there is none under any of its names.

    """
    missing: NotARecordingError | None = None
    finished = path.name.removesuffix(PART_SUFFIX)
    table = finished.removesuffix(SUFFIXES[0]) if finished.endswith(JOURNAL_SUFFIX) else finished
    for later in dict.fromkeys((path.name, finished, table)):
        try:
            return use(path.with_name(later))
        except NotARecordingError as error:
            if os.path.lexists(path.with_name(later)):
                raise
            missing = missing or error
    assert missing is not None  # noqa: S101  for mypy
    raise missing


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
    found = [path for name, path in paths.items() if _counts(name, paths)]
    if not found:
        raise NotARecordingError(
            folder, f"no recording in this folder: none of its files ends in {', '.join(SUFFIXES)}"
        )
    begun: dict[Path, int] = {}
    for path in found:
        try:
            begun[path] = 0 if by_name else under_its_name(path, _created)
        except RecordingError as error:
            if on_bad is None:
                raise
            on_bad(error)
    return sorted(begun, key=lambda path: (begun[path], path.name))


def _counts(name: str, names: Collection[str]) -> bool:
    """Tell whether a name in a folder is that of a recording, and the best of its names."""
    stem = name.removesuffix(PART_SUFFIX)
    if f"{WORK_MARK}." in name or not stem.endswith(SUFFIXES) or (stem != name and stem.endswith(SUFFIXES[-1])):
        return False
    is_outdone = stem != name and stem in names
    return not (is_outdone or (stem.endswith(JOURNAL_SUFFIX) and stem.removesuffix(SUFFIXES[0]) in names))


def _created(path: Path) -> int:
    with open_recording(path) as recording:
        return recording.header.created
