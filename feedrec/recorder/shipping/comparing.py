"""Whether an object there is the file here."""

from __future__ import annotations

from ...formats.places.protocol import Store, StoredObject, has_content
from .content import Content

__all__ = ["is_same"]


def is_same(store: Store, found: StoredObject, content: Content) -> bool:
    """
    Return whether an object has the content of a file.

    See `has_content` for how that is proved.

    Args:
        store: The place.
        found: The object, as it was just seen.
        content: What the file consists of.

    Raises:
        PlaceError: If it cannot be read, or was replaced meanwhile.

    """
    return has_content(store, found, content.size, content.etags, lambda: content.sha256)
