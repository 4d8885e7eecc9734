"""
Lines of other tools, as records. Pure: lines in, records out.

There are three formats:
- tardis: `<ISO time> <payload>`, as in the raw feeds of tardis.dev; an empty line means that the connection was lost;
- hftbacktest: `<nanoseconds since 1970> <payload>`, as its collector writes them;
- JSONL: each line is a payload, and one of its fields has the time at which it arrived.

Payloads stay as they are, byte for byte, except for a carriage return at the end of a line. Times that step back stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import msgspec

from ...errors import LineError
from ...model import Event, Frame, Record, parse_time
from ..line.timed_text import has_nanoseconds, looks_like_tardis

__all__ = ["HftbacktestLines", "JsonlLines", "LineReader", "TardisLines", "reader_of"]

_NUMBER = re.compile(r"(\d{1,30})(\.\d{1,30})?(?:[eE]\+?(\d{1,2}))?", re.ASCII)
_LOST = 1006  # RFC 6455, 7.4.1: closed without a close frame

_UNITS = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (253402300800 * 10**9, 1))
"""Limits below which a number counts as s, ms, us, ns since 1970, each with the nanoseconds in that unit."""

LineReader = Callable[[bytes], list[Record]]
"""Turns the next line, without its newline, into records; raises LineError."""

_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def reader_of(first: bytes) -> Callable[[], LineReader] | None:
    """Return what makes the reader of a file with this first line; None if the line does not tell."""
    if looks_like_tardis(first):
        return TardisLines
    return HftbacktestLines if has_nanoseconds(first) else None


class TardisLines:
    """Reads lines of tardis; a lost connection is followed by one with the next number."""

    def __init__(self) -> None:
        self._conn = 0
        self._is_open = False
        self._time = 0

    def __call__(self, line: bytes) -> list[Record]:
        """
        Turn the next line into records.

        Raises:
            LineError: If it is not a line of tardis.

        """
        line = line.removesuffix(b"\r")
        if not line:
            return self._lose()
        text, _, payload = line.partition(b" ")
        try:
            time = parse_time(text.decode())
        except ValueError:
            raise LineError("it does not begin with a time such as 2019-06-01T00:00:28.6199940Z and a space") from None
        opening: list[Record] = [] if self._is_open else [Event(time, self._conn, "open")]
        self._is_open = True
        self._time = time
        return [*opening, Frame(time, self._conn, payload)]

    def _lose(self) -> list[Record]:
        if not self._is_open:
            return []
        self._is_open = False
        self._conn += 1
        return [Event(self._time, self._conn - 1, "close", {"code": _LOST, "reason": ""})]


class HftbacktestLines:
    """Reads lines of hftbacktest's collector; there are no connections in them."""

    def __init__(self) -> None:
        self._is_open = False

    def __call__(self, line: bytes) -> list[Record]:
        """
        Turn the next line into records; a blank line has none.

        Raises:
            LineError: If it does not begin with a time.

        """
        line = line.removesuffix(b"\r")
        if not line.strip():
            return []
        if not has_nanoseconds(line):
            raise LineError("it does not begin with nanoseconds since 1970, such as 1723161256172210766, and a space")
        text, _, payload = line.partition(b" ")
        time = int(text)
        opening: list[Record] = [] if self._is_open else [Event(time, 0, "open")]
        self._is_open = True
        return [*opening, Frame(time, 0, payload)]


class JsonlLines:
    """
    Reads lines each of which is a payload.

    Args:
        time_field: Name of the field with the time, with its parents if nested: `data.ts`. Its value is RFC 3339 text,
            or a number of s, ms, us or ns since 1970, as its size shows.

    """

    def __init__(self, time_field: str) -> None:
        self._time_field = time_field
        self._is_open = False

    def __call__(self, line: bytes) -> list[Record]:
        """
        Turn the next line into records; a blank line has none.

        Raises:
            LineError: If it is not a JSON object, or has no such time.

        """
        payload = line.removesuffix(b"\r")
        if not payload.strip():
            return []
        time = _time_of(_find(payload, self._time_field), self._time_field)
        opening: list[Record] = [] if self._is_open else [Event(time, 0, "open")]
        self._is_open = True
        return [*opening, Frame(time, 0, payload)]


def _find(payload: bytes, path: str) -> bytes:
    """Return the JSON text of a field; on each level the longest matching name wins, so that names may have dots."""
    text, rest = payload, path
    while rest:
        try:
            fields = _decode_object(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            what = "it is not a JSON object" if text is payload else f"it has no field {path!r}"
            raise LineError(what) from None
        parts = rest.split(".")
        names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        name = next((name for name in names if name in fields), None)
        if name is None:
            raise LineError(f"it has no field {path!r}")
        text, rest = bytes(fields[name]), rest[len(name) + 1 :]
    return text


def _time_of(text: bytes, field: str) -> int:
    """Parse a time exactly, without floats."""
    try:
        value = msgspec.json.decode(text) if text.startswith(b'"') else text.decode()
        number = _NUMBER.fullmatch(value)
        if number is None:
            return parse_time(value)
        amount = Decimal(value)
        for limit, unit in _UNITS:
            if amount < limit:
                return int(amount.scaleb(len(str(unit)) - 1))
        raise ValueError("too large")  # noqa: TRY301  like the errors of parse_time
    except (msgspec.DecodeError, ValueError):
        shown = text[:40].decode(errors="replace")
        raise LineError(
            f"its field {field!r} is not a time: {shown} is neither RFC 3339 nor a number of s, ms, us or ns since 1970"
        ) from None
