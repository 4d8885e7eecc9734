"""Times, speeds and sizes as people write them, on the command line and in programs."""

from __future__ import annotations

import math
import re
from typing import Literal, NamedTuple

from .model import NANOSECONDS, parse_duration, parse_time

__all__ = ["Moment", "parse_moment", "parse_size", "parse_speed"]

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_EPOCH = re.compile(r"(1\d{9}|1\d{12}|1\d{15}|1\d{18})(?:\.(\d{1,9}))?", re.ASCII)
_EPOCH_DIGITS = 19  # of nanoseconds
_CLOCK = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)(:[0-5]\d(?:\.\d+)?)?", re.ASCII)
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
_DAY = 86_400 * NANOSECONDS
_SIZE_UNITS = {
    **{unit: 1000**power for power, unit in enumerate(("b", "kb", "mb", "gb", "tb"))},
    **{unit: 1024**power for power, unit in enumerate(("kib", "mib", "gib", "tib"), 1)},
}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgt]?i?b)", re.ASCII | re.IGNORECASE)


class Moment(NamedTuple):
    """
    A time that a person names.

    Attributes:
        nanoseconds: Since 1970, the start of the recording, or midnight (UTC).
        since: Which of these.
        precision: Nanoseconds of the last unit that was named of a time of day.

    """

    nanoseconds: int
    since: Literal["1970", "start", "midnight"] = "1970"
    precision: int = 1

    def within(self, start: int, *, is_end: bool = False) -> int:
        """
        Return the time this is in a recording that starts at `start`; of a time of day, the first one in it.

        A recording that starts at 17:30:05 has 17:30, as a place to begin; as the end, that is the next one.
        """
        if self.since == "start":
            return start + self.nanoseconds
        if self.since == "midnight":
            start -= 0 if is_end else start % self.precision
            return start + (self.nanoseconds - start) % _DAY
        return self.nanoseconds


def parse_moment(text: str) -> Moment | None:
    """Read a time (RFC 3339 or shorter), a time of day, or an offset such as `+90s`; None if it is none of these."""
    return _offset(text) or _epoch(text) or _time_of_day(text) or _date(text)


def parse_speed(text: str) -> float | None:
    """Read a speed: a factor, or `max` for infinite; None if the text is neither."""
    if text == "max":
        return math.inf
    try:
        speed = math.nan if "_" in text else float(text)  # as Python writes numbers, and nobody else
    except ValueError:
        return None
    return speed if 0 < speed < math.inf else None


def parse_size(text: str) -> int | None:
    """Read bytes, such as `512MB` or `64MiB`; None if the text is not a size."""
    match = _SIZE.fullmatch(text)
    return round(float(match[1]) * _SIZE_UNITS.get(match[2].lower(), 0)) if match else None


def _offset(text: str) -> Moment | None:
    """Read `+90s`, `+90` or `90s`."""
    seconds = None if _NUMBER.fullmatch(text) else parse_duration(text.removeprefix("+"))
    nanoseconds = math.inf if seconds is None else seconds * NANOSECONDS
    return Moment(round(nanoseconds), "start") if math.isfinite(nanoseconds) else None


def _epoch(text: str) -> Moment | None:
    """Read seconds, milliseconds, microseconds or nanoseconds since 1970, of this century: the digits tell which."""
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    digits, decimals = match.groups(default="")
    return Moment(int((digits + decimals).ljust(_EPOCH_DIGITS, "0")[:_EPOCH_DIGITS]))


def _time_of_day(text: str) -> Moment | None:
    """Read `17:30`, `17:30:05` or `17:30:05.25`, of the first day on which the recording has it."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    seconds = match[2] or ""
    precision = 1 if "." in seconds else NANOSECONDS if seconds else 60 * NANOSECONDS
    return Moment(parse_time(f"1970-01-01T{match[1]}{seconds or ':00'}Z"), "midnight", precision)


def _date(text: str) -> Moment | None:
    """Read a date, alone or with a time; without an offset it is UTC."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    date, clock, seconds, zone = match.groups()
    try:
        return Moment(parse_time(f"{date}T{clock or '00:00'}{seconds or ':00'}{zone or 'Z'}"))
    except ValueError:
        return None
