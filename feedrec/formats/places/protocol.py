"""What a place of recordings can do, what it says of an object in it, and whether that has certain bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

__all__ = ["Content", "Piece", "Store", "StoredObject", "has_content", "sha256_of"]

_READ = 8 << 20

Content = bytes | Path
"""What is written: bytes, or all that is in a file of this machine."""


class StoredObject(NamedTuple):
    """
    What a place says of an object.

    Attributes:
        key: Its name in the place: parts with `/` between them.
        size: Its bytes.
        tag: Changes when the object does: its etag as the store gives it; empty if there is none.
        modified: When it was written, in wall nanoseconds; to a second in most stores.

    """

    key: str
    size: int
    tag: str
    modified: int


class Piece(NamedTuple):
    """
    Some bytes of an object, and the object that they are of.

    Attributes:
        start: Offset of the first byte.
        data: The bytes.
        of: What the place says of the object.

    """

    start: int
    data: bytes
    of: StoredObject


class Store(Protocol):
    """
    A place: a folder, a bucket, a web server. Its methods may be called from several threads.

    All raise `PlaceError` for what keeps failing after some attempts, with the reason in a few words.
    """

    def find(self, key: str) -> StoredObject | None:
        """Return what is known of an object, with its size; None if there is none."""

    def read(self, key: str, start: int, size: int, of: StoredObject | None = None) -> Piece:
        """
        Return the bytes of a range, fewer at the end of the object.

        Args:
            key: The object.
            start: Offset of the first byte.
            size: How many, at least 1.
            of: The object as it was seen: what is read is of the same, or nothing is.

        Raises:
            ObjectMissingError: If there is none.
            ObjectChangedError: If it is another one now.

        """

    def create(self, key: str, content: Content) -> StoredObject:
        """
        Write an object that is not there yet: all of it appears, or nothing.

        Raises:
            ObjectExistsError: If there is one of this name; it stays as it is.

        """

    def write(self, key: str, content: Content) -> StoredObject:
        """Write an object, in the place of one that is there: all of it appears, or nothing."""

    def write_in_parts(self, key: str, content: Path) -> StoredObject:
        """
        Write a file too large for one request, some parts at once: all of it appears, or nothing.

        What is killed meanwhile leaves parts in a bucket that nobody sees, and that are paid for.
        """

    def copy(self, source: str, target: str) -> StoredObject:
        """
        Copy an object to a name that is not there yet, within the place: all of it appears, or nothing.

        Raises:
            ObjectExistsError: If there is one of this name; it stays as it is.
            ObjectMissingError: If there is nothing to copy.

        """

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """Yield the objects in a folder and in those below it, in no order; a folder is a prefix that ends with `/`."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""


def has_content(
    store: Store, found: StoredObject, size: int, etags: Collection[str], sha256: Callable[[], str]
) -> bool:
    """
    Return whether an object has some content.

    An etag that is the MD5 of the content proves it. Any other etag proves nothing, neither that it is the same nor
    that it is not: then all of it is read.

    Args:
        store: The place.
        found: The object, as it was just seen.
        size: Bytes of the content.
        etags: What S3 gives as its etag, without quotes.
        sha256: Returns its SHA-256, in hexadecimal.

    Raises:
        PlaceError: If it cannot be read, or was replaced meanwhile.

    """
    if found.size != size:
        return False
    return found.tag.strip('"').lower() in etags or sha256_of(store, found) == sha256()


def sha256_of(store: Store, found: StoredObject) -> str:
    """Read an object, as it was seen; return its SHA-256, in hexadecimal. Raises as `has_content` does."""
    checksum = hashlib.sha256()
    start = 0
    while start < found.size:
        data = store.read(found.key, start, min(_READ, found.size - start), found).data
        if not data:
            break  # it ends early: then its checksum is another
        checksum.update(data)
        start += len(data)
    return checksum.hexdigest()
