"""Asking a store as often as it takes, with errors of ours for what it answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...errors import ObjectChangedError, ObjectExistsError, ObjectMissingError, PlaceAwayError, PlaceError
from .faults import fault_of
from .patience import Patience
from .protocol import StoredObject

__all__ = ["CHANGED", "NoRangesError", "OutOfRangeError", "create", "tell", "try_often"]

CHANGED = "was replaced while it was read: read it again"
"""What is said of an object that is another one now."""

_Result = TypeVar("_Result")


class NoRangesError(PlaceError):
    """The server gives no parts of objects."""


class OutOfRangeError(PlaceError):
    """The object has fewer bytes than the offset of the first one that was asked for."""


_KINDS = {"no ranges": NoRangesError, "out of range": OutOfRangeError, "missing": ObjectMissingError}


def tell(path: Path, call: Callable[[], _Result]) -> _Result:
    """
    Return what a call of obstore gives.

    Args:
        path: What it is about.
        call: The call.

    Raises:
        PlaceError: For whatever it raises; `PlaceAwayError` if the same call may succeed later.

    """
    from obstore import exceptions as of_obstore  # noqa: PLC0415

    try:
        return call()
    except PlaceError:
        raise
    except FileNotFoundError as error:
        reason = fault_of(error).reason
        raise ObjectMissingError(path, reason if "bucket" in reason else "no such object") from error
    except of_obstore.AlreadyExistsError as error:
        raise ObjectExistsError(path, "already exists") from error
    except of_obstore.PreconditionError as error:
        raise ObjectChangedError(path, CHANGED) from error
    except Exception as error:
        fault = fault_of(error)
        kind = _KINDS.get(fault.kind, PlaceAwayError if fault.is_transient else PlaceError)
        raise kind(path, fault.reason) from error


def try_often(patience: Patience, path: Path, call: Callable[[], _Result]) -> _Result:
    """Return what a call of obstore gives that may be repeated; raises as `tell` does."""
    for is_last in patience.tries():
        try:
            return tell(path, call)
        except PlaceAwayError:
            if is_last:
                raise
    raise AssertionError("there is a last attempt")


def create(
    patience: Patience,
    path: Path,
    call: Callable[[], object],
    find: Callable[[], StoredObject | None],
    is_ours: Callable[[StoredObject], bool],
) -> None:
    """
    Make an object that must not be there, as often as it takes: what an attempt without an answer made is ours.

    Args:
        patience: How often.
        path: The object.
        call: Makes it.
        find: Looks for it.
        is_ours: Returns whether one has the content that was to be made.

    Raises:
        ObjectExistsError: If there was one.
        PlaceError: As `tell` does.

    """
    is_doubtful = False
    for is_last in patience.tries():
        try:
            tell(path, call)
        except PlaceAwayError:
            is_doubtful = True
            if is_last:
                raise
        except ObjectExistsError as error:
            there = find()
            if there is None and not is_last:  # two at once, of which one has to come again: 409 in S3
                continue
            if there is None:
                raise PlaceAwayError(path, "is being written by another, again and again") from error
            if not is_doubtful or not is_ours(there):
                raise
            return
        else:
            return
