"""
Lines of other tools that begin with a time, as records. Pure: lines in, records out.

There are two formats:
- tardis: `<ISO time> <payload>`, as in the raw feeds of tardis.dev; an empty line means that the connection was lost;
- hftbacktest: `<nanoseconds since 1970> <payload>`, as its collector writes them, or with a tab in place of the space.

Payloads stay as they are, byte for byte, except for a carriage return at the end of a line. Times that step back stay.
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import LineError
from ...model import Event, Frame, Record, parse_time
from ..line.other_tools import has_nanoseconds, looks_like_tardis
from .line_source import LineReader, has_end
from .source import lost

__all__ = ["HftbacktestLines", "TabLines", "TardisLines", "reader_of"]


def reader_of(first: bytes) -> Callable[[], LineReader] | None:
    """Return what makes the reader of a file with this first line; None if the line does not tell."""
    if looks_like_tardis(first):
        return TardisLines
    if has_nanoseconds(first, b"\t"):
        return TabLines
    return HftbacktestLines if has_nanoseconds(first) else None


class _TimedLines(LineReader):
    """What lines that begin with a time have in common."""

    _separator = b" "

    def is_whole(self, line: bytes) -> bool:
        """Return whether the payload is JSON that has an end; that of a number or other text may go on."""
        return has_end(line.partition(self._separator)[2])


class TardisLines(_TimedLines):
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
        return [Event(self._time, self._conn - 1, "close", lost())]


class HftbacktestLines(_TimedLines):
    """Reads lines of hftbacktest's collector; there are no connections in them."""

    _separator_name = "a space"

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
        if not has_nanoseconds(line, self._separator):
            after = self._separator_name
            raise LineError(f"it does not begin with nanoseconds since 1970, such as 1723161256172210766, and {after}")
        text, _, payload = line.partition(self._separator)
        time = int(text)
        opening: list[Record] = [] if self._is_open else [Event(time, 0, "open")]
        self._is_open = True
        return [*opening, Frame(time, 0, payload)]


class TabLines(HftbacktestLines):
    """Reads lines with a tab between nanoseconds and payload."""

    _separator = b"\t"
    _separator_name = "a tab"
