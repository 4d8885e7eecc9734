"""
One recording is shipped, with its checkpoints: sent, and compared there with what is here.

What happens at any moment is one of these: nothing is there; the object is there, whole; it was compared, and the mark
beside the file says so. Whoever begins again begins at the first step that is not done: what is there already is
compared, and not sent again.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

from ...errors import NotShippedError, PlaceError, ShipConflictError
from ...formats.file.lock import Identity
from ...formats.file.names import pending_path, state_path
from ...formats.places.protocol import StoredObject
from .comparing import is_same
from .content import Content, content_of
from .delivery import deliver
from .destination import Destination
from .sent_file import SentFile, identity_of_file
from .shipped_mark import CheckedObject, read_mark, write_mark

__all__ = ["Shipped", "ship"]


class Shipped(NamedTuple):
    """
    A recording that is there, checked.

    Attributes:
        url: Where.
        size: Its bytes, without those of its checkpoints.
        sent: Bytes that were sent for it and its checkpoints: 0 if all was there already.
        state_differs: Whether there are other checkpoints there than here; those stay.

    """

    url: str
    size: int
    sent: int
    state_differs: bool = False


def ship(path: Path, to: Destination, key: str, *, is_pending: bool = False) -> Shipped:
    """
    Send a finished recording and its checkpoints, if there are any, unless they are there already; check them there.

    It may be called from several threads and on several machines, for the same file and the same key.

    Args:
        path: The recording.
        to: The place.
        key: The name of the object, as `key_of` makes it.
        is_pending: Whether it may have a mark that something is to be done with it: this is what.

    Raises:
        NotShippedError: It is not shipped now, but may be later: the store cannot be reached, or the file is being
            written or worked on, or was changed meanwhile.
        ShipConflictError: There is another object of this name, which stays as it is.
        CannotShipError: It can never be shipped, as it is, to this store.

    """
    if not is_pending and pending_path(path).exists():
        raise NotShippedError(path, "something is still to be done with it")
    try:
        return _shipped(path, to, key)
    except PlaceError as error:
        raise NotShippedError(path, f"not shipped: {error}") from error
    except OSError as error:
        raise NotShippedError(path, f"cannot be read: {error.strerror}") from error


def _shipped(path: Path, to: Destination, key: str) -> Shipped:
    url = to.url_of(key)
    with SentFile(path) as file:
        known = read_mark(path, file.identity).get(url)
        if known is not None and known.state == identity_of_file(state_path(path)):
            return Shipped(url, known.size, 0)
        content = content_of(file.descriptor)
        file.check()
        is_new, found = _delivered(file, content, to, key)
        state, state_sent, state_differs = _ship_state(path, to, key)
        file.check()
        write_mark(
            path, url, CheckedObject(file.identity, found.size, content.sha256, found.tag, state, time.time_ns())
        )
    return Shipped(url, found.size, content.size * is_new + state_sent, state_differs)


def _delivered(file: SentFile, content: Content, to: Destination, key: str) -> tuple[bool, StoredObject]:
    """Have an object with the content of a file; return whether it was written now, and what the store says of it."""
    found = to.store.find(key)
    is_new = found is None and deliver(file, content, to, key)
    if found is None:
        found = to.store.find(key)
    if found is None:
        raise PlaceError(to.url_of(key), "is not there after it was written")
    if not is_same(to.store, found, content):
        said = "differs from what was sent" if is_new else "is another recording, and stays as it is"
        raise ShipConflictError(
            file.path, f"not shipped: {to.url_of(key)} {said} ({found.size:,} bytes, not {content.size:,})"
        )
    return is_new, found


def _ship_state(path: Path, to: Destination, key: str) -> tuple[Identity | None, int, bool]:
    """Ship the checkpoints: return which file they are, bytes sent, and whether others are there."""
    if identity_of_file(state_path(path)) is None:
        return None, 0, False
    with SentFile(state_path(path)) as file:
        content = content_of(file.descriptor)
        file.check()
        try:
            is_new, _ = _delivered(file, content, to, state_path(Path(key)).as_posix())
        except ShipConflictError:  # they are made from the recording, and each reader sees whether they fit it
            return file.identity, 0, True
        file.check()
        return file.identity, content.size * is_new, False
