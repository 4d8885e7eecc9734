"""
The times in a frame, moved by as much as is told: the same form, the same number of digits, nothing else of the bytes.

1. Of a time with few decimals, those that it has are kept: what is finer is dropped, as the venue does.
2. What an offset or a zone says stays, so local time moves by as much.
3. The start of an interval moves by whole intervals, the most that are not too many: it is never later than it should
   be, and as round as it was.
4. A time of the first day of 1970, or before, is no time but the lack of one, and stays. So does whatever would take
   another number of digits, and all that is not of the form that is expected.

Source of the forms: RFC 3339; the format of Go's `time.Time.String`, in heartbeats of Advanced Trade.

A snapshot of 5 MB names the same time 46,000 times. So keys are searched for one by one, as text, and what is the same
everywhere is replaced at once: 27 ms, where a regular expression that looks for all keys takes 150.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ...model import NANOSECONDS, format_time, parse_time
from .time_fields import TimeFields

__all__ = ["MovedTimes"]

_DAY = 86_400
_MOST_KNOWN = 1 << 12
_UNITS = {b"s": 1, b"m": 60, b"h": 3600, b"d": _DAY, b"w": 7 * _DAY}
_BACKSLASH = ord("\\")

_TIME = rb"(?P<second>\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(?P<decimals>\d{1,9}))?"
_ZONE = rb'(?P<zone>\d*(?:[Zz]|[+-]\d\d:\d\d| [+-]\d{4} [A-Z]+(?: m=[+-][\d.]+)?)")'
_TEXT = rb'(?P<before>%%b")%b%b' % (_TIME, _ZONE)
_COUNT = rb'(?P<before>%b"?)(?P<whole>\d{1,20})(?:\.(?P<part>\d{1,9}))?(?P<after>["\s,}\]])'

_Match = re.Match[bytes]


class _Key:
    """
    A key whose values are times.

    Attributes:
        quoted: The key, as it stands in JSON.
        text: Matches the key with a text; None if it has none.
        count: Matches the key with a count; None if it has none.
        unit: The nanoseconds of a count.
        is_start: Whether it is that of the start of an interval.

    """

    def __init__(self, name: str, fields: TimeFields) -> None:
        self.quoted = b'"%b"' % name.encode()
        beginning = re.escape(self.quoted) + rb"\s*:\s*"
        self.is_start = name in fields.starts
        self.unit = fields.starts.get(name) or fields.numbers.get(name, 0)
        self.text = re.compile(_TEXT % beginning).match if name in fields.texts else None
        self.count = re.compile(_COUNT % beginning).match if self.unit else None


class MovedTimes:
    """
    Moves the times in frames. Pure apart from what it remembers of texts, and it never raises.

    Args:
        fields: Where they are.

    """

    def __init__(self, fields: TimeFields) -> None:
        self._interval = fields.interval
        names = dict.fromkeys([*fields.texts, *fields.numbers, *fields.starts])
        self._keys = [_Key(name, fields) for name in names]
        self._rows = re.compile(rb'(?P<before>[\[,]\s*")%b%b' % (_TIME, _ZONE)) if fields.rows else None
        interval = rb'"%b"\s*:\s*"(\d{1,9})([smhdw])"' % re.escape(fields.interval_key.encode())
        self._find_interval = re.compile(interval).search if fields.interval_key else None
        self._seconds: dict[bytes, int] = {}

    def moved(self, payload: bytes, by: int) -> bytes:
        """
        Return a frame whose times are later by so many nanoseconds; the frame itself if it has none.

        Args:
            payload: A text message, mostly JSON.
            by: Nanoseconds, of either sign.

        """
        if payload[:1] == b"[":
            return self._rows.sub(lambda found: self._moved_text(found, by), payload) if self._rows else payload
        for key in self._keys:
            start = payload.find(key.quoted)
            if start >= 0:
                payload = self._with_moved(payload, start, key, by)
        return payload

    def _with_moved(self, payload: bytes, start: int, key: _Key, by: int) -> bytes:
        """Return a frame in which one key, which stands at `start` first, has other times."""
        move = self._mover(payload, key, by)
        first = _match(payload, start, key)
        if first is not None:
            whole, often = first[0], payload.count(key.quoted, start)
            if often == 1:
                return b"%b%b%b" % (payload[:start], move(first), payload[first.end() :])
            if payload.count(whole, start) == often and b"\\" not in payload:
                return payload.replace(whole, move(first))
        return _each_moved(payload, start, key, move)

    def _mover(self, payload: bytes, key: _Key, by: int) -> Callable[[_Match], bytes]:
        if key.is_start:
            interval = self._interval_in(payload)
            by = by // interval * interval if interval else by

        def move(found: _Match) -> bytes:
            is_text = "second" in found.re.groupindex
            return self._moved_text(found, by) if is_text else _moved_count(found, by, key.unit)

        return move

    def _interval_in(self, payload: bytes) -> int:
        """Return the nanoseconds of the intervals that a frame is about; 0 if that is not known."""
        found = None if self._find_interval is None else self._find_interval(payload)
        return self._interval if found is None else int(found[1]) * _UNITS[found[2]] * NANOSECONDS

    def _moved_text(self, found: _Match, by: int) -> bytes:
        second, decimals = found["second"], found["decimals"] or b""
        seconds = self._second(second)
        if seconds < _DAY:
            return found[0]
        try:
            moved = format_time(seconds * NANOSECONDS + int(decimals.ljust(9, b"0")) + by).encode()
        except ValueError:
            return found[0]
        point = b"." if decimals else b""
        new = b"%b%b%b%b%b" % (moved[:10], second[10:11], moved[11:19], point, moved[20 : 20 + len(decimals)])
        return found["before"] + new + found["zone"]

    def _second(self, text: bytes) -> int:
        """Return the seconds since 1970 of a date and a time of day; 0 if there is no such second."""
        known = self._seconds.get(text)
        if known is None:
            if len(self._seconds) >= _MOST_KNOWN:
                self._seconds.clear()
            try:
                known = parse_time(f"{text[:10].decode()}T{text[11:].decode()}Z") // NANOSECONDS
            except ValueError:
                known = 0
            self._seconds[text] = known
        return known


def _match(payload: bytes, start: int, key: _Key) -> _Match | None:
    """Return what matches a key that stands somewhere, with its value; None if that is no time."""
    if start and payload[start - 1] == _BACKSLASH:
        return None
    found = None if key.text is None else key.text(payload, start)
    return key.count(payload, start) if found is None and key.count is not None else found


def _each_moved(payload: bytes, start: int, key: _Key, move: Callable[[_Match], bytes]) -> bytes:
    """Return a frame in which a key has other times, each of its own."""
    pieces: list[bytes] = []
    end = 0
    while start >= 0:
        found = _match(payload, start, key)
        if found is not None:
            pieces += (payload[end:start], move(found))
            end = found.end()
        start = payload.find(key.quoted, start + 1)
    return b"".join([*pieces, payload[end:]])


def _moved_count(found: _Match, by: int, unit: int) -> bytes:
    """Return a count that is later; it stays if it would have another number of digits."""
    whole, part = found["whole"], found["part"] or b""
    count, scale = int(whole + part), 10 ** len(part)  # count / scale is the number of units
    if count * unit < _DAY * NANOSECONDS * scale:
        return found[0]
    moved = b"%d" % (count + by * scale // unit)
    if len(moved) != len(whole) + len(part) or moved[:1] == b"-":
        return found[0]
    point = b"." if part else b""
    return b"%b%b%b%b%b" % (found["before"], moved[: len(whole)], point, moved[len(whole) :], found["after"])
