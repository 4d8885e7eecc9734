"""The recordings in a folder or below a prefix, each with its size and etag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..places.opening import store_at
from ..places.protocol import StoredObject
from ..places.url_path import UrlPath
from ..several.folder import find_recordings

__all__ = ["Found", "recording_at", "recordings_in"]


class Found(NamedTuple):
    """
    A recording that is there.

    Attributes:
        path: Where.
        name: Its name below the folder it was found in; of one that was named itself, its path.
        stored: What the place says of it.

    """

    path: Path
    name: str
    stored: StoredObject


def recordings_in(folder: Path) -> list[Found]:
    """
    Return the recordings that a folder stands for (see `find_recordings`), by name.

    Raises:
        NotARecordingError: If there is none.
        PlaceError: If it cannot be listed.

    """
    paths = find_recordings([folder], by_name=True)
    names = [path.relative_to(folder).as_posix() for path in paths]
    stored = _stored_in(folder, names)
    return [Found(path, name, stored[name]) for path, name in zip(paths, names, strict=True) if name in stored]


def _stored_in(folder: Path, names: Sequence[str]) -> dict[str, StoredObject]:
    store = store_at(folder)
    if isinstance(folder, UrlPath):
        return {one.key: one for one in store.list()}
    found = ((name, store.find(name)) for name in names)  # no walk through what may be a large folder
    return {name: _of_this_machine(one) for name, one in found if one is not None}


def recording_at(path: Path) -> Found:
    """Return a recording that is named itself; if it is not there, who opens it is told."""
    one = store_at(path.parent).find(path.name)
    if one is None:  # what opens it says so
        one = StoredObject(path.name, 0, "", 0)
    return Found(path, str(path), one if isinstance(path, UrlPath) else _of_this_machine(one))


def _of_this_machine(stored: StoredObject) -> StoredObject:
    """Leave out the tag, which has the number of the disk in it: other machines that see the disk have another one."""
    return stored._replace(tag="")
