"""A block of lines that goes from one recording to another as it is: its bytes are copied, and only counted anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ...errors import LineError
from ...model import Frame, FrameInfo
from ..line.as_written import as_written
from ..line.codec import decode_line
from ..line.columns import ReceivedColumns, Stretch
from ..line.index import Mark, mark_of

__all__ = ["BLOCK_SIZE", "ReadFrame", "WholeBlock", "whole_block"]

BLOCK_SIZE = 1 << 20
"""Bytes of text in a block; a longer line is a block by itself."""

_LEAST_COPIED = BLOCK_SIZE >> 2  # smaller ones are joined; what stands between two that are copied may be small
_AS_WRITTEN = b"\x28\xb5\x2f\xfd\x04"  # magic number, and a descriptor: a checksum, no size, no dictionary (RFC 8878)

ReadFrame = Callable[[], bytes]
"""Reads a zstd frame."""

Part = ReceivedColumns | tuple[bytes, Mark]
"""Received frames that follow each other, or any line with its mark."""


class WholeBlock(msgspec.Struct, frozen=True, gc=False):
    """
    A zstd frame with the lines that are its content, at least one, as a writer writes both.

    Attributes:
        data: The zstd frame.
        size: Bytes of its text.
        parts: Its lines, in their order.

    """

    data: bytes
    size: int
    parts: Sequence[Part]

    @property
    def count(self) -> int:
        """Number of lines."""
        return sum(1 if isinstance(part, tuple) else len(part.times) for part in self.parts)

    @property
    def frames(self) -> int:
        """Number of received frames."""
        return self.count - sum(isinstance(part, tuple) and part[1][2] is None for part in self.parts)

    @property
    def first_mark(self) -> Mark:
        """The mark of the first line."""
        first = self.parts[0]
        return first[1] if isinstance(first, tuple) else first.mark(0)

    @property
    def last_mark(self) -> Mark:
        """The mark of the last line."""
        last = self.parts[-1]
        return last[1] if isinstance(last, tuple) else last.mark(-1)

    @property
    def last_conn(self) -> int | None:
        """The connection of the last line that is of one; None if none is."""
        conns = (part[1][1] if isinstance(part, tuple) else part.conns[-1] for part in reversed(self.parts))
        return next((conn for conn in conns if conn is not None), None)

    @property
    def highest_conn(self) -> int | None:
        """The highest number of a connection; None if no line has one."""
        conns = [part[1][1] if isinstance(part, tuple) else max(part.conns) for part in self.parts]
        return max((conn for conn in conns if conn is not None), default=None)

    def lines(self) -> list[tuple[bytes, Mark]]:
        """Return the single lines without their line feeds, and the mark of each."""
        lines: list[tuple[bytes, Mark]] = []
        for part in self.parts:
            lines += [part] if isinstance(part, tuple) else zip(part.lines, part.marks, strict=True)
        return lines


def whole_block(
    read: ReadFrame,
    lines: Sequence[bytes],
    stretches: Sequence[Stretch],
    describe: Callable[[bytes], FrameInfo],
) -> WholeBlock | None:
    """
    Return a zstd frame as a block that can be copied; None if a writer would not write it just so, or it is small.

    Args:
        read: Reads the frame, whose content is the lines, and whose window is no larger than it may be.
        lines: The lines.
        stretches: The same lines, parted.
        describe: Describes a text frame.

    """
    size = sum(map(len, lines)) + len(lines)
    if size < _LEAST_COPIED or (size > BLOCK_SIZE and len(lines) > 1):
        return None
    parts: list[Part] = []
    for begin, end, received in stretches:
        if received is not None:
            parts.append(received)
            continue
        for line in lines[begin:end]:
            mark = _mark_of(line, describe)
            if mark is None:
                return None
            parts.append((line, mark))
    data = read()
    return WholeBlock(data, size, parts) if data.startswith(_AS_WRITTEN) else None


def _mark_of(line: bytes, describe: Callable[[bytes], FrameInfo]) -> Mark | None:
    """Return the mark of a line; None if a writer would have written it otherwise, or not at all."""
    try:
        record = decode_line(line)
    except LineError:
        return None
    if as_written(line, record) != line:
        return None
    is_text = isinstance(record, Frame) and record.direction == "in" and not record.binary
    return mark_of(record, describe(record.payload) if is_text and isinstance(record, Frame) else None)
