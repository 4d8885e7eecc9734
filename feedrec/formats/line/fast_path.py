"""
A fast path for the received frames in lines, and for the times of lines.

A line that `codec.py` encoded for a received frame with a JSON object differs from the line before it only in nine
digits and the payload, within the same second:

    {"time":"2026-11-21T17:00:00.223456789Z","conn":0,"dir":"in","frame":{...}}
    |-- same second ------------|-9 digits|-- same connection ---------|payload|

Such a line is cut by position if the payload proves to be one whole JSON value: then the cut is where `decode_line`
would make it. Every other line is left to `decode_line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import msgspec

from ...model import (
    NANOSECONDS,
    Describe,
    DescribeAll,
    Frame,
    FrameInfo,
    Record,
    describe_nothing,
    format_time,
    parse_time,
)
from .codec import decode_line, line_time
from .columns import Stretch, stretches
from .payload.verbatim import is_json

__all__ = ["ReceivedFrames", "lines_between", "time_texts"]

_START = b'{"time":"'
_DIGITS = slice(29, 38)
_DIGITS_END = 38
_TIME = slice(9, 39)
_TIME_SHAPE = b"0000-00-00T00:00:00.000000000Z"
_LEAP_SECOND = b":60."  # is the next second, but sorts before it
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_TOGETHER = 128  # lines of which most have the same connection, and whose text stays in the processor's cache
_HEAD = slice(38, 76)  # ends before payloads differ
_RECEIVED = re.compile(rb'Z","conn":\d+,"dir":"in","frame":\{')
_OBJECT_ENDS = b"}}"
_AFTER_ALL_TIMES = b"A"  # sorts after every digit

_starts, _times, _heads, _ends = (itemgetter(part) for part in (slice(9), _TIME, _HEAD, slice(-2, None)))


class ReceivedFrames:
    """
    Decodes lines, remembering what the last one looked like.

    Args:
        describe: Describes a text frame. If it says that the payload parses, that is not checked again.
        first_conn: Added to the number of every connection.
        trusted: Whether all lines are known to be of feedrec; see `stretches`.
        describe_all: Describes several, as `describe` does; None to call that for each.

    """

    def __init__(
        self,
        describe: Describe | None = None,
        first_conn: int = 0,
        *,
        trusted: bool = False,
        describe_all: DescribeAll | None = None,
    ) -> None:
        self._describe = describe
        self._describe_all = describe_all
        self._trusted = trusted
        self._first_conn = first_conn
        self._second_text = b"\n"  # no line begins with it
        self._second = 0
        self._middle = b"\n"  # nor has one it amid it
        self._conn = 0

    @property
    def describe(self) -> Describe:
        """Describes a text frame."""
        return self._describe or describe_nothing

    def stretches(self, lines: Sequence[bytes]) -> Iterator[Stretch]:
        """Part lines into stretches; the numbers of connections are those in the lines."""
        return stretches(lines, self.describe, trusted=self._trusted, describe_all=self._describe_all)

    def decode(
        self,
        lines: Sequence[bytes],
        others: list[Record] | None = None,
        places: list[int] | None = None,
    ) -> tuple[list[Frame], list[FrameInfo]]:
        """
        Return the received frames among these lines, and their descriptions; no descriptions without `describe`.

        Args:
            lines: The lines.
            others: Events and sent frames are appended to it.
            places: For each of them, the number of received frames before it is appended.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        frames, infos = self.decode_columns(lines, others, places)
        return frames, infos if isinstance(infos, list) else list(infos)

    def decode_columns(
        self,
        lines: Sequence[bytes],
        others: list[Record] | None = None,
        places: list[int] | None = None,
    ) -> tuple[list[Frame], Sequence[FrameInfo]]:
        """Do what `decode` does; descriptions are as `describe_all` gives them where all lines are taken together."""
        frames: list[Frame] = []
        infos: list[FrameInfo] = []
        others = [] if others is None else others
        places = [] if places is None else places
        for start, end, received in self.stretches(lines):
            if received is None:
                self._decode_singly(lines[start:end], frames, infos, others, places)
                continue
            conns = received.conns
            if self._first_conn:
                conns = [conn + self._first_conn for conn in conns]
            frames += map(Frame, received.times, conns, received.payloads)
            if self._describe is not None:
                if end - start == len(lines):
                    return frames, received.infos
                infos += received.infos
        return frames, infos

    def _decode_singly(
        self,
        lines: Iterable[bytes],
        frames: list[Frame],
        infos: list[FrameInfo],
        others: list[Record],
        places: list[int],
    ) -> None:
        """Append to the four lists what these lines are."""
        describe = self._describe
        for line in lines:
            if line.startswith(self._second_text) and line.startswith(self._middle, _DIGITS_END) and line[-2:] == b"}}":
                digits, payload = line[_DIGITS], line[_DIGITS_END + len(self._middle) : -1]
                if digits.isdigit() and payload[:1] == b"{":
                    info = None if describe is None else describe(payload)
                    if (info is not None and info.parses) or is_json(payload):
                        frames.append(Frame(self._second + int(digits), self._conn, payload))
                        if info is not None:
                            infos.append(info)
                        continue
            record = decode_line(line)
            if isinstance(record, Frame) and record.direction == "in":
                frames.append(self._follow(line, record))
                if describe is not None:
                    infos.append(FrameInfo() if record.binary else describe(record.payload))
            else:
                conn = None if record.conn is None else record.conn + self._first_conn
                others.append(msgspec.structs.replace(record, conn=conn))
                places.append(len(frames))

    def payloads(self, lines: Sequence[bytes], *, texts_only: bool = False, ended: bool = False) -> list[bytes]:
        """
        Return the payloads of the received frames among lines that feedrec wrote; of text messages alone if wanted.

        There the payload is the last key, and it parses (docs/format.md). What makes this fast is that it is not
        checked again: for lines that something else wrote, the result may contain more than the payload.

        Args:
            lines: The lines.
            texts_only: Whether to leave out binary messages.
            ended: Whether each line has its line feed.

        Raises:
            LineError: If it finds something that is not a line of a recording.

        """
        payloads: list[bytes] = []
        end = -2 if ended else -1
        for start in range(0, len(lines), _TOGETHER):
            piece = lines[start : start + _TOGETHER]
            middle, cut = self._middle, _DIGITS_END + len(self._middle)
            found = [line[cut:end] for line in piece if line.startswith(middle, _DIGITS_END)]
            payloads += found if len(found) == len(piece) else self._payloads_singly(piece, end, texts_only=texts_only)
        return payloads

    def _payloads_singly(self, lines: Sequence[bytes], end: int, *, texts_only: bool) -> Iterator[bytes]:
        middle, cut = self._middle, _DIGITS_END + len(self._middle)
        for line in lines:
            if line.startswith(middle, _DIGITS_END):
                yield line[cut:end]
                continue
            record = decode_line(line)
            if isinstance(record, Frame) and record.direction == "in" and not (texts_only and record.binary):
                yield self._follow(line, record).payload
                middle, cut = self._middle, _DIGITS_END + len(self._middle)

    def _follow(self, line: bytes, record: Frame) -> Frame:
        """Expect the next lines to look like this one; return its frame, with its connection renumbered."""
        conn = record.conn + self._first_conn
        middle = b'Z","conn":%d,"dir":"in","frame":' % record.conn
        has_time = line[_TIME] == format_time(record.time).encode()  # not if it is a leap second, or given twice
        if has_time and line.startswith(_START) and line.startswith(middle, _DIGITS_END):
            self._second_text = line[: _DIGITS.start]
            self._second = record.time - record.time % NANOSECONDS
            self._middle = middle
            self._conn = conn
        return msgspec.structs.replace(record, conn=conn) if self._first_conn else record


def lines_between(batches: Iterable[list[bytes]], start: int | None, end: int | None) -> Iterator[list[bytes]]:
    """
    Yield the lines of a span of time, and those without a time: decoding them reports what is wrong.

    Args:
        batches: Lines, some at a time.
        start: First time, inclusive, in nanoseconds; None for no limit.
        end: Last time, exclusive.

    """
    first = format_time(max(start or 0, 0)).encode()
    last = _AFTER_ALL_TIMES if end is None else format_time(max(end, 0)).encode()
    for lines in batches:
        times = time_texts(lines)
        chosen = [line for line, time in zip(lines, times, strict=True) if first <= time < last or not time]
        if chosen:
            yield chosen


def time_texts(lines: Sequence[bytes]) -> list[bytes]:
    """
    Return the time of each line as text that sorts like time; empty for a line that has none.

    It is cut out of received frames as a writer writes them; other lines are decoded, as they may have a time further
    on, which then is the one that counts. One that follows the payload and has an object behind it is not seen.
    """
    texts = list(map(_times, lines))
    text = b"".join(texts)
    has_shape = text.translate(_DIGITS_AS_ZEROS) == _TIME_SHAPE * len(lines) and set(map(_starts, lines)) == {_START}
    if not has_shape or _LEAP_SECOND in text:
        return [_time_text(line) for line in lines]
    odd_heads = {head for head in set(map(_heads, lines)) if not _RECEIVED.match(head)}
    if odd_heads or set(map(_ends, lines)) != {_OBJECT_ENDS}:
        for number, line in enumerate(lines):
            if line[-2:] != _OBJECT_ENDS or _heads(line) in odd_heads:
                texts[number] = _time_text(line) or texts[number]  # a torn line still begins with its time
    return texts


def _time_text(line: bytes) -> bytes:
    text = line_time(line)
    if text is None:
        return b""
    try:
        return format_time(parse_time(text)).encode()
    except ValueError:
        return b""
