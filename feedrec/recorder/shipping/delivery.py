"""How the bytes of a file become an object that is whole, and overwrites none."""

from __future__ import annotations

import contextlib

from ...errors import CannotShipError, NotShippedError, ObjectExistsError, PlaceError
from ...formats.places.url_path import UrlPath
from .comparing import is_same
from .content import LARGEST_PUT, Content
from .destination import Destination
from .safety import check_copies, check_creates, temporary_key
from .sent_file import SentFile

__all__ = ["LARGEST_COPY", "deliver"]

LARGEST_COPY = 5 << 30
"""Bytes that S3 copies in one request (S3 API Reference, CopyObject)."""


def deliver(file: SentFile, content: Content, to: Destination, key: str) -> bool:
    """
    Write an object with the content of a file, unless there is one of this name, which stays as it is.

    A file of more than `LARGEST_PUT` goes in parts to a temporary key; what came there is compared with the file, and
    copied to where it belongs.

    Args:
        file: The file.
        content: What it consists of.
        to: The place.
        key: The name of the object.

    Returns:
        Whether it was written; False if there was one.

    Raises:
        CannotShipError: If the store cannot do that.
        NotShippedError: If what came there was something else.
        PlaceError: If it could not be written now.

    """
    check_creates(to)
    try:
        if content.size > LARGEST_PUT:
            _check_size(file, content, to)
            check_copies(to)
            _deliver_in_parts(file, content, to, key)
        else:
            to.store.create(key, file.as_path)
    except ObjectExistsError:
        return False
    return True


def _check_size(file: SentFile, content: Content, to: Destination) -> None:
    """Refuse what could be sent, and not copied then."""
    if content.size > LARGEST_COPY and isinstance(to.place, UrlPath) and to.place.scheme == "s3":
        text = "is larger than the 5 GB that S3 copies at once: record with --rotate 256MB"
        raise CannotShipError(file.path, text)


def _deliver_in_parts(file: SentFile, content: Content, to: Destination, key: str) -> None:
    aside = temporary_key()
    try:
        found = to.store.write_in_parts(aside, file.as_path)
        if not is_same(to.store, found, content):
            raise NotShippedError(file.path, "what came there is not what was sent")
        to.store.copy(aside, key)
    finally:
        with contextlib.suppress(PlaceError):  # feedrec ship --sweep does it
            to.store.delete(aside)
