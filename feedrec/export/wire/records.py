"""The frames and events of recordings, merged by time, as they are chosen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ...formats.line.codec import decode_line
from ...formats.line.columns import ReceivedColumns, stretches
from ...formats.line.selection import Selection
from ...formats.several.inputs import Input
from ...formats.tools.input_lines import InputLines
from ...model import Describe, DescribeAll, Frame, Record, describe_nothing

__all__ = ["Records"]


class Records:
    """
    The frames and events of recordings, in their order; connections have numbers of their own throughout.

    Args:
        inputs: The recordings.
        selection: What of them is wanted. Events are chosen by time and connection alone.
        describe: Describes a frame.
        describe_all: Describes several; None to call `describe` for each.
        on_read: Called with the number of an input, and the bytes of it read so far.

    """

    def __init__(
        self,
        inputs: Sequence[Input],
        selection: Selection,
        describe: Describe | None,
        describe_all: DescribeAll | None,
        on_read: Callable[[int, int], object],
    ) -> None:
        self._describe = describe or describe_nothing
        self._describe_all = describe_all
        self._reading = InputLines(inputs, self._describe, on_read, describe_all)
        self._selection = msgspec.structs.replace(selection, keeps_events=True)

    def __iter__(self) -> Iterator[Record]:
        """
        Yield them, once.

        Raises:
            RecordingError: If a recording is damaged, after everything before that, or cannot be read.

        """
        reading, start, end = self._reading, self._selection.start, self._selection.end
        for file, lines in reading.lines(start, end, reading.beginnings(start, end)):
            for first, last, received in stretches(lines, self._describe, describe_all=self._describe_all):
                if received is None:
                    yield from self._one_by_one(file, lines[first:last], lines)
                else:
                    yield from self._received(file, received)

    def _received(self, file: int, received: ReceivedColumns) -> Iterator[Frame]:
        chosen: ReceivedColumns | None = received
        if self._selection.is_filter:
            chosen = received.chosen(self._selection.takes_each(received.conns, received.infos))
        if chosen is not None:
            conns = chosen.conns
            if not self._reading.numbers.stay:
                conns = [self._reading.numbers.of(file, conn) for conn in conns]
            yield from map(Frame, chosen.times, conns, chosen.payloads)

    def _one_by_one(self, file: int, lines: list[bytes], batch: Sequence[bytes]) -> Iterator[Record]:
        """Take lines that are no received frames as feedrec writes them."""
        self._reading.piece(file, lines, batch)  # raises what is wrong with a line, and where that is
        for line in lines:
            record = decode_line(line)
            if self._selection.takes(record, self._describe):
                if not self._reading.numbers.stay and record.conn is not None:
                    record = msgspec.structs.replace(record, conn=self._reading.numbers.of(file, record.conn))
                yield record
