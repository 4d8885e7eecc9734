"""How the bytes of a file become an object that is whole, and overwrites none."""

from __future__ import annotations

from ...errors import CannotShipError, ObjectExistsError
from .content import LARGEST_PUT, Content
from .destination import Destination
from .sent_file import SentFile

__all__ = ["deliver"]


def deliver(file: SentFile, content: Content, to: Destination, key: str) -> bool:
    """
    Write an object with the content of a file, unless there is one of this name, which stays as it is.

    Args:
        file: The file.
        content: What it consists of.
        to: The place.
        key: The name of the object.

    Returns:
        Whether it was written; False if there was one.

    Raises:
        CannotShipError: If the store cannot do that.
        PlaceError: If it could not be written now.

    """
    if content.size > LARGEST_PUT:
        raise CannotShipError(file.path, f"has {content.size} bytes")
    try:
        to.store.create(key, file.as_path)
    except ObjectExistsError:
        return False
    return True
