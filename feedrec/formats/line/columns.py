"""
Received frames cut out of many lines at once, column by column.

What `fast_path.py` looks at line by line is looked at here for all lines together: sets and joined texts tell whether
there is anything odd among them. Lines are taken only if each is as a writer writes a received frame with a JSON
object, and no time is before the one before it; all others are left to `decode_line`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import compress, groupby
from operator import add, attrgetter, itemgetter

import msgspec

from ...model import DescribeAll, FrameInfo, FrameInfos, describe_nothing, kinds_of, parse_time
from .frame_run import FrameRun
from .index import Mark
from .payload.verbatim import is_json

__all__ = ["ReceivedColumns", "Stretch", "received_columns", "stretches"]

_SECOND, _DIGITS = slice(29), slice(29, 38)
_TIME_SHAPE = b'{"time":"0000-00-00T00:00:00.000000000'
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_AFTER_TIME = re.compile(rb'Z","conn":(0|[1-9]\d{0,17}),"dir":"in","frame":\{')
_AFTER_TIME_AT, _CONN_AT = 38, 48
_RECEIVED = b',"dir":"in","frame":{'
_MOST_BEFORE = 90  # bytes of a line before its payload

_TOGETHER = 256  # lines whose text stays in the processor's cache while column after column is cut out
_LEAP_SECOND = b":60."
_SHORTEST = 4  # lines that are worth it to be looked at together
_NOTHING = FrameInfo()

_CONN = slice(38, 60)  # within it, lines of the same connection are equal, and those of another one are not

_seconds, _digits, _connection_text, _ends = (itemgetter(part) for part in (_SECOND, _DIGITS, _CONN, slice(-2, None)))
_parses = attrgetter("parses")


class ReceivedColumns(msgspec.Struct, frozen=True, gc=False):
    """
    Received frames that follow each other, at least one.

    Attributes:
        lines: Their lines, all as a writer writes them.
        times: When each was received, in nanoseconds; never decreasing.
        conns: The connection of each.
        payloads: The payload of each: JSON objects.
        infos: What each is.

    """

    lines: Sequence[bytes]
    times: list[int]
    conns: list[int]
    payloads: list[bytes]
    infos: Sequence[FrameInfo]

    def mark(self, number: int) -> Mark:
        """Return the mark of one line."""
        return self.times[number], self.conns[number], self.infos[number], len(self.payloads[number]), True

    @property
    def marks(self) -> list[Mark]:
        """The mark of each line."""
        sizes = map(len, self.payloads)
        return [(*one, True) for one in zip(self.times, self.conns, self.infos, sizes, strict=True)]

    def chosen(self, kept: Sequence[bool]) -> ReceivedColumns | None:
        """Return those of the frames that are to be kept; None if there is none."""
        if all(kept):
            return self
        if not any(kept):
            return None
        return ReceivedColumns(
            list(compress(self.lines, kept)),
            list(compress(self.times, kept)),
            list(compress(self.conns, kept)),
            list(compress(self.payloads, kept)),
            self.infos.chosen(kept) if isinstance(self.infos, FrameInfos) else list(compress(self.infos, kept)),
        )

    def part(self, first: int, end: int) -> ReceivedColumns | None:
        """Return the frames from one number up to another; None if there is none."""
        if first >= end:
            return None
        part = slice(first, end)
        return ReceivedColumns(
            self.lines[part], self.times[part], self.conns[part], self.payloads[part], self.infos[part]
        )

    @property
    def run(self) -> FrameRun | None:
        """The same as one text; None if they are of several connections."""
        conn = self.conns[0]
        if self.conns.count(conn) < len(self.conns):
            return None
        return FrameRun(b"\n".join([*self.lines, b""]), conn, self.times, self.infos, list(map(len, self.payloads)))


Stretch = tuple[int, int, ReceivedColumns | None]
"""The number of the first line, that of the line after the last, and their columns; None to take it line by line."""


def stretches(
    lines: Sequence[bytes],
    describe: Callable[[bytes], FrameInfo] = describe_nothing,
    start: int = 0,
    *,
    trusted: bool = False,
    describe_all: DescribeAll | None = None,
) -> Iterator[Stretch]:
    """
    Part lines into stretches.

    Args:
        lines: The lines.
        describe: Describes a text frame.
        start: Number of the first line to be looked at.
        trusted: Whether they are lines of feedrec, so that what has the shape of a payload is one, and parses.
        describe_all: Describes several, as `describe` does; None to call that for each.

    """
    take = partial(received_columns, describe=describe, trusted=trusted, describe_all=describe_all)
    for begin in range(start, len(lines), _TOGETHER):
        piece = lines[begin : begin + _TOGETHER]
        whole = take(piece)
        if whole is not None:
            yield begin, begin + len(piece), whole
        else:
            yield from _between_odd(piece, take, begin)


def _between_odd(
    lines: Sequence[bytes], take: Callable[[Sequence[bytes]], ReceivedColumns | None], first: int
) -> Iterator[Stretch]:
    """Do what `stretches` does for lines that cannot be taken together; the first of them has this number."""
    start, end = 0, len(lines)
    odd = [number for number, line in enumerate(lines) if line.find(_RECEIVED, _CONN_AT, _MOST_BEFORE) < 0]
    is_whole = not odd
    for number in [*odd, end]:
        if number > start:
            yield from _parts(lines[start:number], take, first + start, is_tried=is_whole)
        if number < end:
            yield first + number, first + number + 1, None
        start = number + 1


def _parts(
    lines: Sequence[bytes], take: Callable[[Sequence[bytes]], ReceivedColumns | None], start: int, *, is_tried: bool
) -> Iterator[Stretch]:
    """Do what `stretches` does for lines that look received; if they cannot be taken together, by connection."""
    received = None if is_tried or len(lines) < _SHORTEST else take(lines)
    if received is not None:
        yield start, start + len(lines), received
        return
    for _, group in groupby(lines, _connection_text):
        part = list(group)
        end = start + len(part)
        is_hopeless = len(part) < _SHORTEST or len(part) == len(lines)
        yield start, end, None if is_hopeless else take(part)
        start = end


def received_columns(
    lines: Sequence[bytes],
    describe: Callable[[bytes], FrameInfo] = describe_nothing,
    *,
    trusted: bool = False,
    describe_all: DescribeAll | None = None,
) -> ReceivedColumns | None:
    """Return what these lines hold, as `stretches` does; None if one of them is odd, or there is none."""
    found = _AFTER_TIME.match(lines[0], _AFTER_TIME_AT) if lines else None
    if found is None or set(map(_ends, lines)) != {b"}}"}:
        return None
    cut = found.end() - 1
    heads = list(map(itemgetter(slice(cut + 1)), lines))
    text = b"".join(heads)
    if text.translate(_DIGITS_AS_ZEROS) != (_TIME_SHAPE + found[0].translate(_DIGITS_AS_ZEROS)) * len(lines):
        return None
    conns = [int(found[1])] * len(lines)
    if text.count(found[0]) < len(lines):
        numbers = list(map(itemgetter(slice(*found.span(1))), heads))
        if len(found[1]) > 1 and any(number.startswith(b"0") for number in set(numbers)):
            return None
        conns = list(map(int, numbers))
    times = _times_of(heads)
    if times is None or sorted(times) != times:
        return None
    payloads = list(map(itemgetter(slice(cut, -1)), lines))
    infos: Sequence[FrameInfo]
    if describe_all is not None:
        infos = describe_all(payloads)
    else:
        infos = [_NOTHING] * len(lines) if describe is describe_nothing else list(map(describe, payloads))
    if not trusted and not all(map(_parses, kinds_of(infos))) and not all(map(is_json, payloads)):
        return None
    return ReceivedColumns(lines, times, conns, payloads, infos)


def _times_of(heads: Sequence[bytes]) -> list[int] | None:
    """Return the times of lines that have the shape of a time; None if one of them is none that a writer writes."""
    seconds = list(map(_seconds, heads))
    starts: dict[bytes, int] = {}
    for text in set(seconds):
        if text.endswith(_LEAP_SECOND):
            return None
        try:
            starts[text] = parse_time(f"{text[9:].decode()}0Z")
        except ValueError:
            return None
    return list(map(add, map(starts.__getitem__, seconds), map(int, map(_digits, heads))))
