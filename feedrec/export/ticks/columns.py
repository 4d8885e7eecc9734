"""Columns of a table: as lists, and as arrays of Arrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from .decimals import DECIMAL, UnfitError, decimals_of

__all__ = ["Column", "count", "flag", "one_of", "price", "size", "text", "time"]


class Column(NamedTuple):
    """
    A column.

    Attributes:
        name: Its name.
        type: Its type in Arrow.
        array: Makes an array of values; raises `UnfitError`.
        is_repeated: Whether there are far fewer values than rows.
        is_of_events: Whether there is a value for each event; else there is one for each row.

    """

    name: str
    type: Any
    array: Callable[[Sequence[Any]], Any]
    is_repeated: bool = False
    is_of_events: bool = False


def time(name: str) -> Column:
    """Return a column of times: nanoseconds since 1970, in UTC, which the type does not say (docs/queries.md)."""
    kind = pa.timestamp("ns")

    def array(values: Sequence[int]) -> Any:
        return _integers(values).view(kind)

    return Column(name, kind, array)


def count(name: str) -> Column:
    """Return a column of integers."""
    return Column(name, pa.int64(), _integers)


def price(name: str, *, may_lack: bool = False) -> Column:
    """Return a column of decimals, many of them the same; an empty text is null where it may be."""
    return Column(name, DECIMAL, _decimals if may_lack else decimals_of, is_repeated=True)


def size(name: str, *, may_lack: bool = False) -> Column:
    """Return a column of decimals; an empty text is null where it may be."""
    return Column(name, DECIMAL, _decimals if may_lack else decimals_of)


def flag(name: str) -> Column:
    """Return a column of truth values."""
    return Column(name, pa.bool_(), lambda values: pa.array(values, pa.bool_()))


def one_of(name: str, *, true: str, false: str) -> Column:
    """Return a column of two texts, of truth values."""
    texts = pa.array([false, true])

    def array(values: Sequence[bool]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(values, pa.bool_()).cast(pa.int8()), texts)

    return Column(name, pa.dictionary(pa.int8(), pa.string()), array, is_repeated=True)


def text(name: str, *, is_repeated: bool = False) -> Column:
    """Return a column of texts."""

    def array(values: Sequence[str]) -> Any:
        try:
            return pa.array(values, pa.string())
        except UnicodeError:
            place = next(place for place, one in enumerate(values) if not _is_unicode(one))
            raise UnfitError(place, "is no text") from None

    return Column(name, pa.string(), array, is_repeated)


def _decimals(values: Sequence[str]) -> Any:
    return decimals_of([one or None for one in values])


def _integers(values: Sequence[int]) -> Any:
    try:
        return pa.array(values, pa.int64())
    except OverflowError:
        place = next(place for place, one in enumerate(values) if not -(1 << 63) <= one < 1 << 63)
        raise UnfitError(place, "does not fit in 64 bits") from None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeError:
        return False
    return True
