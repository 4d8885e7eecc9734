"""Whether a recording that was shipped is still there, before anything here is removed."""

from __future__ import annotations

from pathlib import Path

from ...errors import NotShippedError, PlaceError, ShipConflictError
from ...formats.file.names import state_path
from ...formats.places.protocol import StoredObject
from ...formats.places.url_path import UrlPath
from .comparing import is_same
from .content import content_of
from .destination import Destination
from .sent_file import SentFile, identity_of_file
from .shipped_mark import CheckedObject, read_mark, remove_mark

__all__ = ["check_there", "is_still_there"]


def is_still_there(path: Path, to: Destination, key: str) -> bool:
    """
    Return whether a recording is there now, with its checkpoints.

    An object that was compared with it, and has the same etag, was not written since. Where that says nothing, as in a
    folder or without a mark, it is compared again. What is gone there loses its mark here, so that it is shipped again.

    Args:
        path: The recording; it must be the one that was shipped, too.
        to: The place.
        key: The name of the object.

    Raises:
        NotShippedError: If the file cannot be opened, or is being written.
        PlaceError: If the store cannot be asked now.

    """
    with SentFile(path) as file:
        try:
            check_there(file, to, key)
        except NotShippedError as error:
            if isinstance(error.__cause__, PlaceError):
                raise error.__cause__ from None
            return False
    return True


def check_there(file: SentFile, to: Destination, key: str) -> None:
    """
    See that a recording is there now, as `is_still_there` does.

    Args:
        file: The recording, open.
        to: The place.
        key: The name of the object.

    Raises:
        NotShippedError: If it is not there, or the store cannot be asked now.
        ShipConflictError: If there is another object now.

    """
    path, url = file.path, to.url_of(key)
    known = read_mark(path, file.identity).get(url)
    state = identity_of_file(state_path(path))
    if known is not None and known.state != state:
        raise NotShippedError(path, "stays here, since its checkpoints changed after it was shipped")
    try:
        found = to.store.find(key)
        has_state = state is None or to.store.find(state_path(Path(key)).as_posix()) is not None
        if found is None or not has_state:
            remove_mark(path)
            raise NotShippedError(path, f"stays here, since not all of it is at {url}: the next run ships it")
        if not (_is_untouched(to, found, known) or is_same(to.store, found, content_of(file.descriptor))):
            raise ShipConflictError(path, f"stays here, since another object is at {url} now")
    except PlaceError as error:
        raise NotShippedError(path, f"stays here, since it cannot be looked at there: {error}") from error
    except OSError as error:
        raise NotShippedError(path, f"cannot be read: {error.strerror}") from error


def _is_untouched(to: Destination, found: StoredObject, known: CheckedObject | None) -> bool:
    """Return whether an object is the one that was compared: its etag is another if it was written since."""
    is_store = isinstance(to.place, UrlPath)  # who changes a file may keep its times
    return is_store and known is not None and bool(known.tag) and (found.size, found.tag) == (known.size, known.tag)
