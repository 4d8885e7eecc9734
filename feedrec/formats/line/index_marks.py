"""What the index needs to know about lines, found fast: most are received frames in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...model import Frame, FrameInfo, Record, describe_nothing
from .codec import decode_line
from .columns import stretches
from .index import Mark, mark_of

__all__ = ["LineMarks"]

OnOdd = Callable[[bytes, Record], object]

_NOTHING = FrameInfo()


class LineMarks:
    """
    Makes the mark of each line.

    Args:
        describe: Describes a text frame; None if nothing can.

    """

    def __init__(self, describe: Callable[[bytes], FrameInfo] | None = None) -> None:
        self._describe = describe or describe_nothing

    def of(self, lines: Sequence[bytes], on_odd: OnOdd = lambda _line, _record: None) -> list[Mark]:
        """
        Return the mark of each line.

        Args:
            lines: The lines.
            on_odd: Called with each line that is not cut by position, and so may be of another program, and its record.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        marks: list[Mark] = []
        for start, end, received in stretches(lines, self._describe):
            if received is not None:
                marks += received.marks
            else:
                marks += [self._of_any(line, on_odd) for line in lines[start:end]]
        return marks

    def _of_any(self, line: bytes, on_odd: OnOdd) -> Mark:
        record = decode_line(line)
        on_odd(line, record)
        if not isinstance(record, Frame) or record.direction != "in":
            return mark_of(record)
        return mark_of(record, _NOTHING if record.binary else self._describe(record.payload))
