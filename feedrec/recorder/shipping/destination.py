"""Where recordings are shipped to, and under which key each goes there."""

from __future__ import annotations

import contextlib
import functools
import threading
from pathlib import Path

from ...errors import CannotShipError, UsageError
from ...formats.places.opening import store_at
from ...formats.places.protocol import Store
from ...formats.places.url_path import UrlPath

__all__ = ["TEMPORARY", "Destination", "key_of"]

TEMPORARY = ".feedrec-shipping"
"""The folder there in which is what must not be seen yet."""

_LONGEST_KEY = 1024  # bytes, in S3 and Google Cloud Storage; Azure takes as many characters


class Destination:
    """
    A folder or a prefix of a bucket.

    Args:
        place: The folder or URL, as `place_of` makes it.
        store: The place, if it was opened already, with settings of its own.

    Raises:
        UsageError: If nothing can be written there, or obstore is not installed.

    Attributes:
        place: The folder or URL.
        proved: What was tried there and found to be safe.
        proving: Who tries it holds this.

    """

    def __init__(self, place: Path, store: Store | None = None) -> None:
        if isinstance(place, UrlPath) and place.is_web:
            raise UsageError(f"{place}: recordings cannot be shipped to a web server, only to s3://, gs:// or az://")
        self.place = place if isinstance(place, UrlPath) else place.absolute()
        self.proved: set[str] = set()
        self.proving = threading.Lock()
        if store is not None:
            self.store = store

    @functools.cached_property
    def store(self) -> Store:
        """The place."""
        return store_at(self.place)

    def url_of(self, key: str) -> str:
        """Return what an object there is called."""
        return f"{self.place}/{key}"


def key_of(path: Path, folder: Path, destination: Destination) -> str:
    """
    Return the key of a file: its path below a folder.

    Raises:
        CannotShipError: If no object can have, or should have, such a name.

    """
    try:
        parts = path.relative_to(folder).parts
    except ValueError:
        raise CannotShipError(path, f"is not in {folder}, below which files have their names there") from None
    key = "/".join(parts)
    try:
        whole = f"{destination.place.key}/{key}" if isinstance(destination.place, UrlPath) else key
        size = len(whole.encode())
    except UnicodeEncodeError:
        raise CannotShipError(path, "its name is not UTF-8, as names of objects are: rename it") from None
    if not parts or ".." in parts or parts[0] == TEMPORARY or not key.isprintable():
        raise CannotShipError(path, "no object is given such a name: rename it")
    if size > _LONGEST_KEY:
        raise CannotShipError(path, f"its name there would have {size} bytes, and objects have at most {_LONGEST_KEY}")
    if not isinstance(destination.place, UrlPath) and _are_one(path, destination.place / key):
        raise CannotShipError(path, "would be shipped onto itself: choose another folder")
    return key


def _are_one(path: Path, other: Path) -> bool:
    """Return whether two names lead to one file, which is gone from both if it is removed under either."""
    with contextlib.suppress(OSError):
        return path.samefile(other)
    return False
