"""Where a field stands in a line of JSON, and what time it tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal

import msgspec

from ...errors import LineError
from ...model import TIME_LIMIT, parse_time

__all__ = ["fields_of", "find", "nanoseconds_of", "time_of"]

_NUMBER = re.compile(r"(\d{1,30})(\.\d{1,30})?(?:[eE]\+?(\d{1,2}))?", re.ASCII)

_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (253402300800 * 10**9, 1))
"""Limits below which a number counts as s, ms, us, ns since 1970, each with the nanoseconds in that unit."""

_EXACT = Context(prec=200)
"""More digits than such a number has: nothing is rounded before its nanoseconds are cut out."""

Fields = Mapping[str, msgspec.Raw]
"""The fields of an object, each as it stands there."""

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def fields_of(line: bytes | msgspec.Raw) -> Fields:
    """
    Return the fields of a JSON object.

    Raises:
        LineError: If it is none.

    """
    try:
        return _decode_object(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise LineError("it is not a JSON object") from None


def find(fields: Fields, path: str) -> bytes:
    """
    Return the JSON text of a field; on each level the longest matching name wins, so that names may have dots.

    Args:
        fields: Those of the outermost object.
        path: Its name, with its parents if it is nested: `data.ts`.

    Raises:
        LineError: If there is none.

    """
    rest = path
    while True:
        parts = rest.split(".")
        names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        name = next((name for name in names if name in fields), None)
        if name is None:
            raise LineError(f"it has no field {path!r}")
        text, rest = bytes(fields[name]), rest[len(name) + 1 :]
        if not rest:
            return text
        try:
            fields = fields_of(text)
        except LineError:
            raise LineError(f"it has no field {path!r}") from None


def time_of(text: bytes, field: str) -> int:
    """
    Parse a time exactly, without floats.

    Args:
        text: JSON text: a number, or a string of one or of RFC 3339.
        field: Where it stands, for the error.

    Returns:
        Nanoseconds since 1970; the size of a number tells its unit.

    Raises:
        LineError: If it is no time.

    """
    try:
        value = msgspec.json.decode(text, type=str) if text.startswith(b'"') else text.decode()
        number = _NUMBER.fullmatch(value)
        if number is None:
            return parse_time(value)
        amount = Decimal(value)
        for limit, unit in _UNITS:
            if amount < limit:
                return int(amount.scaleb(len(str(unit)) - 1, _EXACT))
        raise ValueError("too large")  # noqa: TRY301  like the errors of parse_time
    except (msgspec.DecodeError, ValueError):
        shown = text[:40].decode(errors="replace")
        raise LineError(
            f"its field {field!r} is not a time: {shown} is neither RFC 3339 nor a number of s, ms, us or ns since 1970"
        ) from None


def nanoseconds_of(text: bytes, field: str) -> int:
    """Parse a time as `time_of` does, but a whole number as nanoseconds, however small it is; raises as that does."""
    if text.isdigit() and len(text) <= len(str(TIME_LIMIT)) and int(text) < TIME_LIMIT:
        return int(text)
    return time_of(text, field)
