"""The recordings that a batch is about: files, folders, prefixes of a bucket, and patterns of names."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import FeedrecError, NotARecordingError
from ..formats.catalogue.listing import Found, recording_at, recordings_in
from ..formats.file.lock import is_being_written
from ..formats.file.names import counts_as_recording
from ..formats.places.opening import is_folder, store_at
from ..formats.places.url_path import UrlPath, is_there

__all__ = ["LeftOut", "Sources", "find_sources"]

_MARKS = re.compile(r"[*?\[]")


class LeftOut(NamedTuple):
    """A recording of which nothing is done now, and why."""

    path: Path
    reason: str


class Sources(NamedTuple):
    """
    What was found.

    Attributes:
        found: The recordings, each with its name below the folder, prefix or pattern that it was found by.
        left_out: Recordings that are still being written.

    """

    found: list[Found]
    left_out: list[LeftOut]


def find_sources(sources: Sequence[Path]) -> Sources:
    """
    Return the recordings that are meant.

    A file stands for itself; a folder or prefix for what is in it, as everywhere; a name with `*`, `?` or `[` for what
    it fits, `**` for any folders.

    Args:
        sources: Files, folders and patterns, here or as URLs.

    Raises:
        NotARecordingError: If there is nothing, or a folder or pattern has no recording.
        RecordingError: If a place cannot be used.

    """
    found: dict[Path, Found] = {}
    left_out: list[LeftOut] = []
    for source in sources:
        for one in _found_by(source):
            if is_being_written(one.path):
                left_out.append(LeftOut(one.path, "is being written: a later run takes it"))
            else:
                found.setdefault(one.path, one)
    return Sources(list(found.values()), left_out)


def _found_by(source: Path) -> Iterator[Found]:
    if not isinstance(source, UrlPath) or not source.is_web:
        if _MARKS.search("/".join(_parts(source))) and not _is_there(source):
            yield from _fitting(source)
            return
        if is_folder(source):
            yield from recordings_in(source)
            return
    one = recording_at(source)
    if not one.stored.modified and not one.stored.size:
        raise NotARecordingError(source, "there is no such file, folder or prefix")
    yield one._replace(name=source.name)


def _is_there(source: Path) -> bool:
    try:
        return is_there(source)
    except FeedrecError:
        return False


def _parts(source: Path) -> tuple[str, ...]:
    """Return the parts of a name that may be a pattern: not the bucket."""
    return source.parts[2:] if isinstance(source, UrlPath) else source.parts


def _fitting(pattern: Path) -> list[Found]:
    """Return the recordings whose names fit a pattern, with their names below the part of it that is none."""
    parts = _parts(pattern)
    first = next(number for number, part in enumerate(parts) if _MARKS.search(part))
    root = pattern.parents[len(parts) - first - 1]
    there = {one.key: one for one in store_at(root).list()}
    folders: dict[str, set[str]] = {}
    for key in there:
        folders.setdefault(_folder(key), set()).add(_last(key))
    names = [
        key
        for key in sorted(there)
        if _fits(key.split("/"), parts[first:])
        and not _is_hidden(key)
        and counts_as_recording(_last(key), folders[_folder(key)])
    ]
    if not names:
        raise NotARecordingError(pattern, "no recording has a name like this")
    if isinstance(root, UrlPath):
        return [Found(root / name, name, there[name]) for name in names]
    return [recording_at(root / name)._replace(name=name) for name in names]


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Return whether the parts of a name fit those of a pattern."""
    if not parts or not pattern:
        return not parts and not pattern
    if pattern[0] == "**":
        return _fits(parts[1:], pattern) or _fits(parts, pattern[1:]) or len(parts) == len(pattern) == 1
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _is_hidden(key: str) -> bool:
    return any(part.startswith(".") for part in key.split("/")[:-1])


def _folder(key: str) -> str:
    return key.rpartition("/")[0]


def _last(key: str) -> str:
    return key.rpartition("/")[2]
