"""
The types that all other parts share: header, frame, event, and their times.

Times are integers: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds. As text they are RFC 3339 in UTC,
always with nine decimals, so that they sort chronologically.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import Any, Literal, overload

import msgspec

__all__ = [
    "FORMAT_VERSION",
    "NANOSECONDS",
    "TIME_LIMIT",
    "Describe",
    "DescribeAll",
    "Direction",
    "Event",
    "Frame",
    "FrameInfo",
    "FrameInfos",
    "Header",
    "Kind",
    "Record",
    "describe_nothing",
    "format_time",
    "kinds_of",
    "parse_duration",
    "parse_time",
]

FORMAT_VERSION = 1
"""Version of the file format that this package reads and writes."""

NANOSECONDS = 1_000_000_000
"""Nanoseconds in a second."""

TIME_LIMIT = 253402300800 * NANOSECONDS
"""10000-01-01: an RFC 3339 year has four digits, so every time is before this."""

Direction = Literal["in", "out"]
Kind = Literal["snapshot", "update", "heartbeat", "ack", "error", "other"]


class Header(msgspec.Struct, frozen=True):
    """
    The first line of a recording.

    Attributes:
        endpoint: Name in the catalogue of feeds, e.g. `coinbase-advanced`; decides how frames are described.
        url: The address that was recorded.
        created: When the recording started, in nanoseconds.
        software: What wrote the recording, e.g. `feedrec 0.1.0`.
        subscriptions: One object per channel subscribed, with `channel` and optionally `products` and `params`.
        extra: Other keys of the line, kept unchanged.

    """

    endpoint: str
    url: str = ""
    created: int = 0
    software: str = ""
    subscriptions: list[dict[str, Any]] = []
    extra: dict[str, Any] = {}

    @property
    def left_out(self) -> str | None:
        """Why frames are missing that the venue sent, so that holes in its numbers are no gaps; None if none are."""
        why = {"filtered": "the recording was filtered", "deduplicated": "it was made of several recordings"}
        return next((reason for key, reason in why.items() if key in self.extra), None)


class Frame(msgspec.Struct, frozen=True, gc=False):
    """
    One whole WebSocket data message, fragments joined, as it was on the wire.

    Attributes:
        time: Wall-clock time in nanoseconds at which its bytes reached the process, or left it.
        conn: Number of the connection within the recording, from 0.
        payload: The bytes of the message, verbatim.
        direction: `in` from the venue, `out` to the venue.
        binary: Whether it was a binary message, not text.
        redacted: Whether secrets in the payload were replaced.
        synthetic: Whether it was not sent by the venue, but rebuilt from frames that were.
        unverified: Whether it was salvaged from a damaged block, so that its bytes may be wrong.
        rewritten: Whether `convert` changed its payload on purpose.

    """

    time: int
    conn: int
    payload: bytes
    direction: Direction = "in"
    binary: bool = False
    redacted: bool = False
    synthetic: bool = False
    unverified: bool = False
    rewritten: bool = False


class Event(msgspec.Struct, frozen=True):
    """
    Something that happened during the recording and is not a frame.

    Attributes:
        time: Wall-clock time in nanoseconds.
        conn: Number of the connection it concerns; None for an `http` event, which is of none.
        name: `open`, `close`, `gap`, `clock` ... (docs/format.md lists them all).
        details: The other keys of the line; the bodies of an `http` event as they stand there, each a `msgspec.Raw`.

    """

    time: int
    conn: int | None
    name: str
    details: dict[str, Any] = {}


Record = Frame | Event


class FrameInfo(msgspec.Struct, frozen=True, gc=False):
    """
    What a feed can tell about a frame without parsing all of it.

    Attributes:
        channel: The channel, under the name used to subscribe to it (`level2`, not `l2_data`); empty if unknown.
        products: The products it is about, each once.
        sequence: The venue's sequence number, if the frame has one.
        kind: The role of the frame.
        parses: Whether the payload was found to be valid JSON.

    """

    channel: str = ""
    products: tuple[str, ...] = ()
    sequence: int | None = None
    kind: Kind = "other"
    parses: bool = False


class FrameInfos(Sequence[FrameInfo]):
    """
    What frames are that follow each other, column by column: most of them differ in nothing but their number.

    It is a sequence like any other; but to look at a column takes a fraction of the time.

    Args:
        kinds: What there is among the frames, without numbers; none of it need occur.
        which: For each frame, the place among `kinds` of what it is.
        sequences: The number of each; None for one that has none.

    """

    __slots__ = ("kinds", "sequences", "which")

    def __init__(self, kinds: list[FrameInfo], which: list[int], sequences: list[int | None]) -> None:
        self.kinds = kinds
        self.which = which
        self.sequences = sequences

    def __len__(self) -> int:
        """Return how many frames they are."""
        return len(self.which)

    def __iter__(self) -> Iterator[FrameInfo]:
        """Yield what each frame is."""
        return map(_numbered, map(self.kinds.__getitem__, self.which), self.sequences)

    @overload
    def __getitem__(self, place: int) -> FrameInfo: ...
    @overload
    def __getitem__(self, place: slice) -> FrameInfos: ...
    def __getitem__(self, place: int | slice) -> FrameInfo | FrameInfos:
        """Return what one of the frames is, or some of them."""
        if isinstance(place, slice):
            return FrameInfos(self.kinds, self.which[place], self.sequences[place])
        return _numbered(self.kinds[self.which[place]], self.sequences[place])

    def chosen(self, kept: Sequence[bool]) -> FrameInfos:
        """Return what those of the frames are that are to be kept."""
        return FrameInfos(self.kinds, list(compress(self.which, kept)), list(compress(self.sequences, kept)))


def kinds_of(infos: Sequence[FrameInfo]) -> Sequence[FrameInfo]:
    """
    Return what there is among frames, and perhaps more, regardless of their numbers.

    Whoever judges frames by anything else than their numbers judges a handful then, not each.
    """
    return infos.kinds if isinstance(infos, FrameInfos) else infos


def _numbered(info: FrameInfo, sequence: int | None) -> FrameInfo:
    return FrameInfo(info.channel, info.products, sequence, info.kind, info.parses)


Describe = Callable[[bytes], FrameInfo]
"""Describe the payload of a text frame; pure, and never raises."""

DescribeAll = Callable[[Sequence[bytes]], Sequence[FrameInfo]]
"""Describe the payloads of text frames that follow each other, each as `Describe` does."""

_NOTHING = FrameInfo()


def describe_nothing(payload: bytes) -> FrameInfo:  # noqa: ARG001
    """Describe a payload of an unknown venue: nothing is known about it."""
    return _NOTHING


_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII
)
_FIRST_DAY = dt.date(1970, 1, 1).toordinal()
_LAST_SECOND = TIME_LIMIT // NANOSECONDS

_second_texts: dict[int, str] = {}
_text_seconds: dict[str, int] = {}


_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|)", re.ASCII)


def format_time(nanoseconds: int) -> str:
    """
    Format a time as RFC 3339 in UTC with nine decimals, e.g. `2026-11-21T17:00:00.123456789Z`.

    Raises:
        ValueError: If the time is before 1970 or after 9999.

    """
    second, fraction = divmod(nanoseconds, NANOSECONDS)
    text = _second_texts.get(second)
    if text is None:
        if not 0 <= second < _LAST_SECOND:
            raise ValueError(f"{nanoseconds} ns is outside the years 1970 to 9999")
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _remember(_second_texts, second, text)
    return f"{text}.{fraction:09d}Z"


def parse_time(text: str) -> int:
    """
    Parse an RFC 3339 time, with any number of decimals (those after the ninth are dropped) and any UTC offset.

    Raises:
        ValueError: If the text is not such a time, or the time is before 1970 or after 9999.

    """
    if 20 < len(text) <= 30 and text[19] == "." and text[-1] == "Z" and text[20:-1].isdecimal() and text.isascii():
        second = _text_seconds.get(text[:19])
        if second is not None:
            return second * NANOSECONDS + int(text[20:-1].ljust(9, "0"))
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2026-11-21T17:00:00Z")
    date, clock, decimals, sign, hours, minutes = match.groups()
    try:
        second = _second_of(date, clock)
    except ValueError:
        raise ValueError(f"{text!r} is not a valid date and time") from None
    if sign:
        offset = int(hours) * 3600 + int(minutes) * 60
        second += offset if sign == "-" else -offset
    if not 0 <= second < _LAST_SECOND:
        raise ValueError(f"{text!r} is outside the years 1970 to 9999")
    if not sign:
        _remember(_text_seconds, f"{date}T{clock}", second)
    return second * NANOSECONDS + int((decimals or "0")[:9].ljust(9, "0"))


def _second_of(date: str, clock: str) -> int:
    """Return the seconds from 1970 to a date and a time of day, in which a leap second counts as the next minute's."""
    hour, minute, second = map(int, clock.split(":"))
    if hour > 23 or minute > 59 or second > 61:  # 61 as POSIX has it
        raise ValueError(clock)
    days = dt.date.fromisoformat(date).toordinal() - _FIRST_DAY
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def parse_duration(text: str) -> float | None:
    """Parse `90s`, `1h30m`, or plain seconds; return seconds, None if the text is not a duration."""
    if not _DURATION.fullmatch(text):
        return None
    seconds = math.fsum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    return seconds if math.isfinite(seconds) else None


def _remember(cache: dict[Any, Any], key: Any, value: Any) -> None:
    """Cache a few seconds: neighbouring frames share theirs, and the cache must stay bounded for any recording."""
    if len(cache) >= 64:
        cache.clear()
    cache[key] = value
