"""
Whether a store really leaves alone what is there: some take the condition, and overwrite all the same.

It is tried once for each place, before the first object is created there, with objects of a few bytes that nobody sees.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable

from ...errors import CannotShipError, ObjectExistsError, PlaceError
from ...formats.places.url_path import UrlPath
from .destination import TEMPORARY, Destination

__all__ = ["check_copies", "check_creates", "temporary_key"]

_PROBE = b"feedrec"
_UNSUPPORTED = ("501", "notimplemented", "not implemented", "not supported")


def temporary_key() -> str:
    """Return a key that nobody else has, for what must not be seen yet."""
    return f"{TEMPORARY}/{secrets.token_hex(16)}"


def check_creates(to: Destination) -> None:
    """
    See that the place creates no object over another.

    Raises:
        CannotShipError: If it does.
        PlaceError: If that cannot be found out now.

    """
    _once(to, "creates", lambda keys: _check_twice(to, lambda: to.store.create(keys[0], _PROBE)))


def check_copies(to: Destination) -> None:
    """
    See that the place can copy an object, and copies none over another.

    Raises:
        CannotShipError: If it cannot, or does.
        PlaceError: If that cannot be found out now.

    """

    def check(keys: list[str]) -> None:
        to.store.create(keys[0], _PROBE)
        try:
            _check_twice(to, lambda: to.store.copy(keys[0], keys[1]))
        except PlaceError as error:
            if any(text in f"{error} {error.__cause__}".lower() for text in _UNSUPPORTED):
                text = "has no copy that leaves alone what is there, as larger files need: record with --rotate 256MB"
                raise CannotShipError(to.place, text) from error
            raise

    _once(to, "copies", check)


def _once(to: Destination, what: str, check: Callable[[list[str]], None]) -> None:
    if not isinstance(to.place, UrlPath):
        return
    with to.proving:
        if what in to.proved:
            return
        keys = [temporary_key(), temporary_key()]
        try:
            check(keys)
        finally:
            for key in keys:
                with contextlib.suppress(PlaceError):  # feedrec ship --sweep does it
                    to.store.delete(key)
        to.proved.add(what)


def _check_twice(to: Destination, create: Callable[[], object]) -> None:
    with contextlib.suppress(ObjectExistsError):  # the first one came there, and its answer was lost
        create()
    try:
        create()
    except ObjectExistsError:
        return
    text = "overwrites objects, although it is asked not to: recorders could destroy what others have shipped"
    raise CannotShipError(to.place, text)
