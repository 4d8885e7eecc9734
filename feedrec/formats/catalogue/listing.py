"""The recordings in a folder or below a prefix, each with its size and etag."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..places.opening import store_at
from ..places.protocol import StoredObject
from ..places.seen_objects import objects_below
from ..places.url_path import UrlPath, bucket_of
from ..several.folder import find_recordings, recordings_among

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
    if isinstance(folder, UrlPath):
        listed = _listed_at(folder)
        if listed:
            return listed
    found = []
    for path in find_recordings([folder], by_name=True):
        name = path.relative_to(folder).as_posix()
        one = store_at(folder).find(name)  # no walk through what may be a large folder
        if one is not None:
            found.append(Found(path, name, _of_this_machine(one)))
    return found


def _listed_at(folder: UrlPath) -> list[Found]:
    """Return the recordings below a prefix: one listing tells of all of them."""
    objects = objects_below(folder)
    paths = {path.relative_to(folder).as_posix(): path for path in recordings_among(folder, objects)}
    return [Found(paths[name], name, objects[f"{folder.key}/{name}".lstrip("/")]) for name in sorted(paths)]


def recording_at(path: Path) -> Found:
    """Return a recording that is named itself; if it is not there, who opens it is told."""
    if isinstance(path, UrlPath):  # a web server is asked with the query
        one = store_at(bucket_of(path)).find(path.key)
    else:
        one = store_at(path.parent).find(path.name)
    if one is None:  # what opens it says so
        one = StoredObject(path.name, 0, "", 0)
    return Found(path, str(path), one if isinstance(path, UrlPath) else _of_this_machine(one))


def _of_this_machine(stored: StoredObject) -> StoredObject:
    """Leave out the tag, which has the number of the disk in it: other machines that see the disk have another one."""
    return stored._replace(tag="")
