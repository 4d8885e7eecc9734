"""
Received frames cut out of many lines at once, column by column.

What `fast_path.py` looks at line by line is looked at here for all lines together: sets and joined texts tell whether
there is anything odd among them. Lines are taken only if each is as a writer writes a received frame with a JSON
object, and no time is before the one before it; all others are left to `decode_line`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from operator import add, attrgetter, itemgetter

import msgspec

from ...model import FrameInfo, describe_nothing, parse_time
from .codec import is_json
from .frame_run import FrameRun
from .index import Mark

__all__ = ["ReceivedColumns", "Stretch", "received_columns", "stretches"]

_SECOND, _DIGITS = slice(29), slice(29, 38)
_SECOND_SHAPE = b'{"time":"0000-00-00T00:00:00.'
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_AFTER_TIME = re.compile(rb'Z","conn":(0|[1-9]\d{0,17}),"dir":"in","frame":\{')
_AFTER_TIME_AT, _CONN_AT = 38, 48
_RECEIVED = b',"dir":"in","frame":{'
_MOST_BEFORE = 90  # bytes of a line before its payload

_SHORTEST = 4  # lines that are worth it to be looked at together
_NOTHING = FrameInfo()

_seconds, _digits, _ends = (itemgetter(part) for part in (_SECOND, _DIGITS, slice(-2, None)))
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
    infos: list[FrameInfo]

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
        columns = (self.lines, self.times, self.conns, self.payloads, self.infos)
        return ReceivedColumns(*(list(compress(column, kept)) for column in columns))  # type: ignore[arg-type]

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
    lines: Sequence[bytes], describe: Callable[[bytes], FrameInfo] = describe_nothing, start: int = 0
) -> Iterator[Stretch]:
    """
    Part lines into stretches.

    Args:
        lines: The lines.
        describe: Describes a text frame.
        start: Number of the first line to be looked at.

    """
    whole = received_columns(lines[start:] if start else lines, describe)
    if whole is not None:
        yield start, len(lines), whole
        return
    end = len(lines)
    odd = [number for number in range(start, end) if lines[number].find(_RECEIVED, _CONN_AT, _MOST_BEFORE) < 0]
    for number in [*odd, end]:
        if number - start >= _SHORTEST and number - start < end:
            yield start, number, received_columns(lines[start:number], describe)
        elif number > start:
            yield start, number, None
        if number < end:
            yield number, number + 1, None
        start = number + 1


def received_columns(
    lines: Sequence[bytes], describe: Callable[[bytes], FrameInfo] = describe_nothing
) -> ReceivedColumns | None:
    """Return what these lines hold; None if one of them is odd, or there is none."""
    found = _AFTER_TIME.match(lines[0], _AFTER_TIME_AT) if lines else None
    if found is None or set(map(_ends, lines)) != {b"}}"}:
        return None
    cut, conn = found.end() - 1, int(found[1])
    conns = [conn] * len(lines)
    if set(map(itemgetter(slice(_AFTER_TIME_AT, cut + 1)), lines)) != {found[0]}:
        if len(found[1]) > 1 or not _differ_in_one_digit(lines, found[0]):
            return None
        conns = [line[_CONN_AT] - ord("0") for line in lines]
    times = _times_of(lines)
    if times is None or sorted(times) != times:
        return None
    payloads = list(map(itemgetter(slice(cut, -1)), lines))
    infos = [_NOTHING] * len(lines) if describe is describe_nothing else list(map(describe, payloads))
    if not all(map(_parses, infos)) and not all(map(is_json, payloads)):
        return None
    return ReceivedColumns(lines, times, conns, payloads, infos)


def _differ_in_one_digit(lines: Sequence[bytes], after_time: bytes) -> bool:
    """Return whether what follows the time differs in nothing but the connection, which is below 10."""
    before, behind = after_time[: _CONN_AT - _AFTER_TIME_AT], after_time[_CONN_AT - _AFTER_TIME_AT + 1 :]
    behind_at = slice(_CONN_AT + 1, _CONN_AT + 1 + len(behind))
    return (
        set(map(itemgetter(behind_at), lines)) == {behind}
        and set(map(itemgetter(slice(_AFTER_TIME_AT, _CONN_AT)), lines)) == {before}
        and bytes(map(itemgetter(_CONN_AT), lines)).isdigit()
    )


def _times_of(lines: Sequence[bytes]) -> list[int] | None:
    """Return the times of lines that are long enough to have one; None if one of them is odd."""
    seconds, digits = list(map(_seconds, lines)), list(map(_digits, lines))
    if not b"".join(digits).isdigit():
        return None
    starts: dict[bytes, int] = {}
    for text in set(seconds):
        if text.translate(_DIGITS_AS_ZEROS) != _SECOND_SHAPE:
            return None
        try:
            starts[text] = parse_time(f"{text[9:].decode()}0Z")
        except ValueError:
            return None
    return list(map(add, map(starts.__getitem__, seconds), map(int, digits)))
