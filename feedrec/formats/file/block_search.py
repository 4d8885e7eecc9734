"""
Finds the blocks of a file without decompressing them, and those that hold a span of time.

With an index, that is a lookup. Without one, the headers of zstd frames and of the blocks within them lead from one
frame to the next (RFC 8878, 3.1.1), and the first lines of a few frames show where the time is, on the assumption that
time never steps back by more than a block.
"""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from ...model import format_time, parse_time
from ..line.codec import line_time
from ..line.fast_path import time_texts
from ..line.index import Index
from ..stream.protocols import MAX_LINE
from ..stream.zstd_parser import (
    BLOCK_HEADER,
    MAX_FRAME_HEADER,
    StreamDamage,
    Unpacked,
    ZstdWalker,
    read_frame_header,
    stored_size,
)
from .passes.line_pass import ByteRange

__all__ = ["FrameSpan", "ReadAt", "range_between", "walk_frames"]

ReadAt = Callable[[int, int], bytes]

_READ_SIZE = 1 << 16
_MOST_BEFORE_PAYLOAD = 64  # bytes of a line that feedrec wrote, its time among them


class FrameSpan(NamedTuple):
    """
    One zstd frame of a file.

    Attributes:
        start: Offset of its first byte.
        end: Offset of the byte after it.
        skippable: Magic number of a skippable frame; None for a block of lines.

    """

    start: int
    end: int
    skippable: int | None


def walk_frames(read_at: ReadAt, size: int, start: int = 0) -> Iterator[FrameSpan]:
    """
    Yield the zstd frames of a file from an offset on, reading only their headers.

    Args:
        read_at: Returns, for an offset in the file and a size, so many bytes; fewer at the end of the file.
        size: Bytes in the file.
        start: Offset of a zstd frame.

    Raises:
        StreamDamage: At the first frame that is damaged or incomplete.

    """
    while start < size:
        span = _span_at(read_at, size, start)
        yield span
        start = span.end


def _span_at(read_at: ReadAt, size: int, start: int) -> FrameSpan:
    header = read_frame_header(read_at(start, MAX_FRAME_HEADER), start)
    if header is None:
        raise StreamDamage(start, "the file is cut off")
    end = start + header.size + header.to_skip
    if header.skippable is None:
        is_last = False
        while not is_last:
            head = read_at(end, BLOCK_HEADER)
            if len(head) < BLOCK_HEADER:
                raise StreamDamage(start, "the file is cut off")
            stored, is_last = stored_size(head, end)
            end += BLOCK_HEADER + stored
        end += header.checksum
    if end > size:
        raise StreamDamage(start, "the file is cut off")
    return FrameSpan(start, end, header.skippable)


def range_between(read_at: ReadAt, size: int, index: Index | None, start: int, end: int | None) -> ByteRange:
    """
    Find the part of a compressed recording that has all lines of a span of time.

    Args:
        read_at: As for `walk_frames`.
        size: Bytes in the file.
        index: Its index, if it has one.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive; None for the end of the file.

    """
    if index is not None:
        return _range_by_index(index, start, end)
    try:
        return _range_by_walking(read_at, size, start, end)
    except StreamDamage:  # reading reports it when it gets there
        return ByteRange()


def _range_by_index(index: Index, start: int, end: int | None) -> ByteRange:
    numbers = [
        number
        for number, block in enumerate(index.blocks)
        if block.first is not None
        and block.last is not None
        and block.last >= start
        and (end is None or block.first < end)
    ]
    if not numbers:
        return ByteRange(index.end, index.end)
    first, last = index.blocks[numbers[0]], index.blocks[numbers[-1]]
    before = index.blocks[numbers[0] - 1].last if numbers[0] else None
    return ByteRange(first.offset, last.end, None if before is None else format_time(before))


def _range_by_walking(read_at: ReadAt, size: int, start: int, end: int | None) -> ByteRange:
    spans: list[FrameSpan] = []
    with contextlib.suppress(StreamDamage):  # the last one may still be growing
        for span in walk_frames(read_at, size):
            if span.skippable is None:
                spans.append(span)  # noqa: PERF401  those before damage count

    def time_of(span: FrameSpan) -> int:
        return _first_time(read_at, span)

    first = max(0, bisect.bisect_left(spans, start, key=time_of) - 2)
    if end is None:
        return ByteRange(spans[first].start if spans else 0)
    last = max(bisect.bisect_left(spans, end, key=time_of) + 1, first)  # a span may end before it starts
    return ByteRange(spans[first].start if spans else 0, spans[last].start if last < len(spans) else None)


def _first_time(read_at: ReadAt, span: FrameSpan) -> int:
    """
    Return the time of the first line of a block; 0 if it has none, like the header.

    Raises:
        StreamDamage: If it cannot be decompressed.

    """
    walker = ZstdWalker(start=span.start)
    text = bytearray()
    offset = span.start
    while offset < span.end and len(text) <= MAX_LINE:
        data = read_at(offset, min(_READ_SIZE, span.end - offset))
        offset += len(data)
        for piece in walker.feed(data):
            if not isinstance(piece, Unpacked):
                continue
            text += piece.content
            if begun := time_texts([bytes(text[:_MOST_BEFORE_PAYLOAD])])[0]:  # the line may have 96 MiB
                return _time(begun.decode())
            if b"\n" in piece.content:
                return _time(line_time(bytes(text).partition(b"\n")[0]))
        if not data:
            break
    return 0


def _time(text: str | None) -> int:
    try:
        return parse_time(text or "")
    except ValueError:
        return 0
