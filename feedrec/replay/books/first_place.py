"""Where the last snapshot of a book before a moment is, as far as that can be told without reading everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

from ...feeds.state.need import needs_of
from ...formats import Recording
from ...formats.facts.repeats import LONGEST_OVERLAP
from ...formats.line.fast_path import time_texts
from ...formats.line.index import Index
from ...formats.line.line_search import lines_with
from ...model import Frame, format_time
from ..timeline.timeline import AFTER_ALL
from .sources import BookSource, received_in

__all__ = ["SnapshotFound", "first_time", "indexed_snapshot"]


class SnapshotFound(NamedTuple):
    """
    A snapshot of the book.

    Attributes:
        block: The number of its block.
        line: The number of its line in that.
        frame: The frame.

    """

    block: int
    line: int
    frame: Frame


def first_time(source: BookSource, time: int) -> int:
    """
    Return a wall time from which on reading tells the book as of a moment: that of the last snapshot before it.

    Args:
        source: The recordings.
        time: The moment, in nanoseconds.

    Returns:
        0 if everything must be read.

    """
    found = [_time_in(source, number, index, time) for number, index in enumerate(source.timeline.indexes())]
    return max((one for one in found if one is not None), default=0)


def indexed_snapshot(
    source: BookSource, number: int, recording: Recording, *, lines: int = AFTER_ALL, until: int = AFTER_ALL
) -> SnapshotFound | None:
    """
    Return the last snapshot of the book in a recording that has an index.

    That of a state with which a file begins that goes on from another one does not count: it repeats what is known.

    Args:
        source: The recordings.
        number: Which of them.
        recording: It, open.
        lines: How many of its lines count.
        until: The last wall time that counts, in nanoseconds.

    """
    index = source.timeline.indexes()[number]
    blocks = [] if index is None else index.blocks
    starts = [*itertools.accumulate((block.lines for block in blocks), initial=0)]
    for block_number in reversed(range(len(blocks))):
        block, start = blocks[block_number], starts[block_number]
        if start >= lines or (block.first or 0) > until:
            continue
        for place in reversed(block.snapshots):
            if place.channel != source.channel or source.product not in place.products or start + place.line >= lines:
                continue
            frame = _frame_at(recording.block_text(block), place.line)
            if frame is not None and frame.time <= until and not (frame.synthetic and number in source.continued):
                return SnapshotFound(block_number, place.line, frame)
    return None


def _frame_at(text: bytes | None, line: int) -> Frame | None:
    """Return the frame of a line; None if there is none, so that the index is wrong."""
    lines = [] if text is None else text.split(b"\n")
    return received_in(lines[line]) if line < len(lines) else None


def _time_in(source: BookSource, number: int, index: Index | None, time: int) -> int | None:
    """Return the time of the last snapshot in a recording; None if there is none, or it is not found."""
    with source.open(number) as recording:
        if index is not None:
            found = indexed_snapshot(source, number, recording, until=time)
            return None if found is None else found.frame.time
        return _time_back(source, number, recording, time)


def _time_back(source: BookSource, number: int, recording: Recording, time: int) -> int | None:
    """Look block by block, from the moment back; a connection that takes another's place may be opened before."""
    needs = needs_of(source.new_state())
    if not needs:
        return None
    looks = [look for need in needs for look in need.looks]
    for lines in _blocks_back(recording, time):
        for line in reversed(lines_with(b"".join(line + b"\n" for line in lines), looks)):
            frame = received_in(line)
            if frame is None or frame.binary or frame.time > time:
                continue
            info = source.feed.describe(frame.payload)
            is_one = info.kind == "snapshot" and info.channel == source.channel and source.product in info.products
            if is_one and not (frame.synthetic and number in source.continued):
                return frame.time - LONGEST_OVERLAP
    return None


def _blocks_back(recording: Recording, time: int) -> Iterator[list[bytes]]:
    """Yield blocks of lines from the one that has a moment back; none if that one is at the beginning, or unknown."""
    passed = recording.seek(time + 1)
    text = format_time(time + 1).encode()
    here: list[list[bytes]] = []
    for lines in recording.batches():
        here.append(lines)
        if not passed or max(time_texts(lines)) >= text:
            break
    if passed:
        yield from reversed(here)
        yield from recording.blocks_back(before_place=True)
    elif here and max(time_texts(here[0])) < text:
        yield from recording.blocks_back()
