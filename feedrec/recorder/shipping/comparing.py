"""Whether an object there is the file here: by the store's own checksum, else it is read back."""

from __future__ import annotations

import hashlib

from ...formats.places.protocol import Store, StoredObject
from .content import Content

__all__ = ["is_same"]

_READ = 8 << 20


def is_same(store: Store, found: StoredObject, content: Content) -> bool:
    """
    Return whether an object has the content of a file.

    An etag that is the MD5 of the content proves it. Any other etag proves nothing, neither that it is the same nor
    that it is not: then all of it is read.

    Args:
        store: The place.
        found: The object, as it was just seen.
        content: What the file consists of.

    Raises:
        PlaceError: If it cannot be read, or was replaced meanwhile.

    """
    if found.size != content.size:
        return False
    if found.tag.strip('"').lower() in content.etags:
        return True
    return _sha256_of(store, found) == content.sha256


def _sha256_of(store: Store, found: StoredObject) -> str:
    checksum = hashlib.sha256()
    start = 0
    while start < found.size:
        data = store.read(found.key, start, min(_READ, found.size - start), found).data
        if not data:
            break  # it ends early: then its checksum is another
        checksum.update(data)
        start += len(data)
    return checksum.hexdigest()
