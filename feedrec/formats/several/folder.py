"""Finds recordings in folders, and below prefixes of a bucket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ...errors import NotARecordingError, RecordingError
from ..file.names import RECORDING_SUFFIXES, counts_as_recording, finished_path, in_rotation_order, natural_key
from ..file.opening import open_recording, under_current_name
from ..places.url_path import UrlPath, bucket_of

__all__ = ["find_recordings", "recordings_among"]

_AT_ONCE = 16
"""Objects whose beginnings are asked for at the same time."""


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
    below it, as a recorder makes them from a template; hidden ones, and links to folders, are left out. Of a bucket, a
    prefix is a folder; what is below it is listed once.

    Args:
        paths: Files and folders, here or as URLs.
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
        in_folder = _candidates(path)
        found += [path] if in_folder is None else _in_order(path, in_folder, begun_at or _created, by_name, on_bad)
    return found


def _candidates(path: Path) -> list[Path] | None:
    """Return what counts as a recording in a folder; None if it is none."""
    if isinstance(path, UrlPath):
        return _found_at(path)
    if not os.path.isdir(path):  # noqa: PTH112  Path.is_dir may raise
        return None
    return _found_in(path) or [one for below in _folders_in(path) for one in _found_below(below)]


def _in_order(
    folder: Path,
    found: list[Path],
    begun_at: Callable[[Path], int],
    by_name: bool,  # noqa: FBT001  passed on
    on_bad: Callable[[RecordingError], object] | None,
) -> list[Path]:
    if not found:
        raise NotARecordingError(
            folder, f"no recording in this folder: no file name ends in {', '.join(RECORDING_SUFFIXES)}"
        )
    if isinstance(folder, UrlPath) and not by_name:
        begun_at = _asked_ahead(begun_at, found)
    begun: dict[Path, int] = {}
    for path in found:
        try:
            begun[path] = 0 if by_name else under_current_name(path, begun_at)
        except RecordingError as error:
            if on_bad is None:
                raise
            on_bad(error)
    return sorted(begun, key=lambda path: (begun[path], [natural_key(part) for part in path.relative_to(folder).parts]))


def _asked_ahead(begun_at: Callable[[Path], int], found: Sequence[Path]) -> Callable[[Path], int]:
    """Return the same, answered by several threads in advance: an answer of a store takes its time."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  for URLs only

    with ThreadPoolExecutor(_AT_ONCE, "find-recordings") as threads:
        answers = {path: threads.submit(begun_at, path) for path in found}
    return lambda path: answers[path].result() if path in answers else begun_at(path)


def _found_at(prefix: UrlPath) -> list[Path] | None:
    """Return what counts as a recording below a prefix; None if it is the URL of an object, or of nothing."""
    from ..places.seen_objects import is_object, objects_below  # noqa: PLC0415  for URLs only

    named_as_one = bool(prefix.key) and finished_path(prefix).name.endswith(RECORDING_SUFFIXES)
    if prefix.is_web or (named_as_one and is_object(prefix)):
        return None
    objects = objects_below(prefix)
    if not objects:
        return None if prefix.key else []
    return recordings_among(prefix, objects)


def recordings_among(prefix: UrlPath, keys: Iterable[str]) -> list[Path]:
    """Return what counts as a recording below a prefix, of the objects that are there; in no order."""
    folders: dict[UrlPath, dict[str, Path]] = {}
    for key in keys:
        path = bucket_of(prefix) / key
        below = path.parts[len(prefix.parts) : -1]
        if path.key == key and not any(part.startswith(".") for part in below):  # others cannot be named
            folders.setdefault(path.parent, {})[path.name] = path
    found = {
        folder: [path for name, path in paths.items() if counts_as_recording(name, paths)]
        for folder, paths in folders.items()
    }
    return found.get(prefix) or [path for paths in found.values() for path in paths]


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
