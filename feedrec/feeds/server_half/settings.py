"""What is not known of a venue, as the person who runs a replay sets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec

from ...errors import UsageError

__all__ = ["read_settings"]

S = TypeVar("S", bound=msgspec.Struct)


def read_settings(shape: type[S], given: Mapping[str, str], venue: str) -> S:
    """
    Read settings from their texts.

    Args:
        shape: Has a field with a default for each.
        given: Texts by name.
        venue: Whose settings they are, for errors.

    Raises:
        UsageError: If there is no such setting, or it is of another kind.

    """
    unknown = [name for name in given if name not in shape.__struct_fields__]
    if unknown:
        known = ", ".join(shape.__struct_fields__)
        raise UsageError(f"{venue} has no setting {unknown[0]!r} (it has {known})")
    try:
        return msgspec.convert(dict(given), shape, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"a setting of {venue} cannot be read: {error}") from error
