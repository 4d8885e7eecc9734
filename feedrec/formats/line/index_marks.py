"""What the index needs to know about lines, found fast: most are received frames in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from ...model import Frame, FrameInfo, Record, describe_nothing
from .codec import decode_line
from .fast_path import ReceivedFrames
from .index import Mark, mark_of

__all__ = ["LineMarks"]

OnOdd = Callable[[bytes, Record], object]

_RECEIVED = b'"dir":"in"'
_BEFORE_DIRECTION = 80  # a line that we wrote has its direction within so many bytes
_NOTHING = FrameInfo()


class LineMarks:
    """
    Makes the mark of each line.

    Args:
        describe: Describes a text frame; None if nothing can.

    """

    def __init__(self, describe: Callable[[bytes], FrameInfo] | None = None) -> None:
        self._describe = describe or describe_nothing
        self._received = ReceivedFrames(self._describe)

    def of(self, lines: Sequence[bytes], on_odd: OnOdd = lambda _line, _record: None) -> list[Mark]:
        """
        Return the mark of each line.

        Args:
            lines: The lines.
            on_odd: Called with each line that may be of another program, and its record; a second time at times.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        marks: list[Mark] = []
        for looks_received, group in groupby(lines, _looks_received):
            if looks_received:
                marks += self._of_received(list(group), on_odd)
            else:
                marks += [self._of_any(line, on_odd) for line in group]
        return marks

    def _of_received(self, lines: Sequence[bytes], on_odd: OnOdd) -> list[Mark]:
        frames, infos = self._received.decode(lines, on_odd=on_odd)
        if len(frames) != len(lines):
            return [self._of_any(line, on_odd) for line in lines]
        return [
            (frame.time, frame.conn, info, len(frame.payload), not (frame.synthetic or frame.unverified))
            for frame, info in zip(frames, infos, strict=True)
        ]

    def _of_any(self, line: bytes, on_odd: OnOdd) -> Mark:
        record = decode_line(line)
        on_odd(line, record)
        if not isinstance(record, Frame) or record.direction != "in":
            return mark_of(record)
        return mark_of(record, _NOTHING if record.binary else self._describe(record.payload))


def _looks_received(line: bytes) -> bool:
    return line.find(_RECEIVED, 0, _BEFORE_DIRECTION) >= 0
