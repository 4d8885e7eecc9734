"""
The lines of one recording, forward and back from any place, of which most can be passed over unread.

By an index, a block is read only if it may have what is wanted. Without one, lines are found by their time, and reading
back takes steps that grow. Beside the lines that may be wanted come `Found` without a line, which tell how far it got.
"""

from __future__ import annotations

import contextlib
import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ....errors import DamagedRecordingError, RecordingError
from ....formats import Recording
from ....formats.line.fast_path import time_texts
from ....formats.line.index import Index, IndexedBlock
from ....model import NANOSECONDS, parse_time
from ..recordings import PageFile
from .keys import Key
from .wanted import Wanted

__all__ = ["Found", "back_from", "forward_from", "line_at"]

_ODD = (b"\\", b'"base64":')
_TOGETHER = 128  # lines
_FIRST_STEP, _STEP_GROWS = NANOSECONDS, 8


class Found(NamedTuple):
    """
    A line that may be wanted; without a line, a place up to which there is none.

    Attributes:
        key: Its key.
        line: The line; None for a place alone.

    """

    key: Key
    line: bytes | None


Read = Callable[[], Recording]


def forward_from(file: PageFile, read: Read, start: Key, wanted: Wanted) -> Iterator[Found]:
    """
    Yield the lines of a recording after a key, in their order.

    Raises:
        RecordingError: If it cannot be read.

    """
    index = file.index
    if index is None:
        yield from _by_time(file, read, start, wanted)
        return
    latest = _latest_of(index)
    number = start.place[0] if start.file == file.number else bisect_left(latest, start.time)
    for block_number in range(number, len(index.blocks)):
        block = index.blocks[block_number]
        if wanted.may_be_in(block):
            yield from _among(file, block_number, _text_of(file, read(), block), start, wanted)
        yield Found(Key(latest[block_number], file.number, (block_number, max(block.lines - 1, 0))), None)


def back_from(file: PageFile, read: Read, end: Key, wanted: Wanted) -> Iterator[Found]:
    """Yield the lines of a recording before a key, the last one first; raises as `forward_from` does."""
    index = file.index
    if index is None:
        yield from _back_by_time(file, read, end, wanted)
        return
    latest = _latest_of(index)
    number = end.place[0] if end.file == file.number else bisect_left(latest, end.time)
    for block_number in range(min(number, len(index.blocks) - 1), -1, -1):
        block = index.blocks[block_number]
        if wanted.may_be_in(block):
            found = list(_among(file, block_number, _text_of(file, read(), block), None, wanted))
            yield from reversed([one for one in found if _is_before(one.key, end, file.number)])
        yield Found(Key(block.first or 0, file.number, (block_number, 0)), None)


def line_at(file: PageFile, read: Read, key: Key) -> bytes | None:
    """Return the line at a key; None if there is none. Raises as `forward_from` does."""
    first, second = key.place
    if file.index is None:
        found = _timed(file, read().batches(first, first + 1))
        return next((one.line for one in found if one.line is not None and one.key.place == key.place), None)
    if first >= len(file.index.blocks):
        return None
    lines_of_block = _text_of(file, read(), file.index.blocks[first]).split(b"\n")[:-1]
    return lines_of_block[second] if second < len(lines_of_block) else None


def _latest_of(index: Index) -> list[int]:
    """Return of each block the latest time up to its end."""
    return [*itertools.accumulate((block.last or 0 for block in index.blocks), max)]


def _text_of(file: PageFile, recording: Recording, block: IndexedBlock) -> bytes:
    text = recording.block_text(block)
    if text is None:
        raise RecordingError(file.path, f"the block at byte {block.offset} is not what the index says: see verify")
    return text


def _times_of(lines: Sequence[bytes]) -> list[int]:
    """Return the times of lines; one without has that of the line before it."""
    times: list[int] = []
    for text in time_texts(lines) if lines else ():
        times.append(parse_time(text.decode()) if text else times[-1] if times else 0)
    return times


def _among(file: PageFile, block: int, text: bytes, start: Key | None, wanted: Wanted) -> Iterator[Found]:
    """Yield the lines of a block that may be wanted; after `start`, if there is one."""
    words = wanted.words
    if not _may_have(text, words):  # as nearly all blocks, where something rare is looked for
        return
    lines = text.split(b"\n")[:-1]
    begin = 0
    if start is not None and start.file == file.number:
        begin = start.place[1] + 1 if block == start.place[0] else 0
    elif start is not None:
        times = enumerate(_times_of(lines))
        begin = next((number for number, time in times if _is_after(time, file.number, start)), len(lines))
    numbers = [number for number in range(begin, len(lines)) if _may_have(lines[number], words)]
    for first in range(0, len(numbers), _TOGETHER):  # the first ones may be enough
        some = numbers[first : first + _TOGETHER]
        for number, time in zip(some, _times_of([lines[number] for number in some]), strict=True):
            yield Found(Key(time, file.number, (block, number)), lines[number])


def _may_have(text: bytes, words: Sequence[bytes]) -> bool:
    return all(word in text for word in words) or any(word in text for word in _ODD)


def _is_after(time: int, file: int, start: Key) -> bool:
    """Return whether a line of another file than that of the key is after it."""
    return (time, file) > start[:2]


def _is_before(key: Key, end: Key, file: int) -> bool:
    return key.place < end.place if end.file == file else key[:2] < end[:2]


def _by_time(file: PageFile, read: Read, start: Key, wanted: Wanted) -> Iterator[Found]:
    """Do what `forward_from` does without an index."""
    is_past = start.file != file.number
    words = wanted.words
    for found in _timed(file, read().batches(start.time)):
        if found.line is None:
            if is_past:
                yield found
        elif not is_past:
            is_past = found.key == start
        elif (start.file == file.number or _is_after(found.key.time, file.number, start)) and (
            _may_have(found.line, words)
        ):
            yield found


def _timed(file: PageFile, batches: Iterator[list[bytes]]) -> Iterator[Found]:
    """Yield lines with their keys, and after each batch how far they got; of what is damaged, what is whole."""
    number, last = -1, -1
    with contextlib.suppress(DamagedRecordingError):
        for lines in batches:
            for time, line in zip(_times_of(lines), lines, strict=True):
                number, last = (number + 1 if time == last else 0), time
                yield Found(Key(time, file.number, (time, number)), line)
            yield Found(Key(last, file.number, (last, number)), None)


def _back_by_time(file: PageFile, read: Read, end: Key, wanted: Wanted) -> Iterator[Found]:
    """Do what `back_from` does without an index: by ever longer steps back in time."""
    first, until, step = file.first or 0, end.time + 1, _FIRST_STEP
    words = wanted.words
    while until > first:
        begin = max(until - step, first)
        found = [one for one in _timed(file, read().batches(begin, until)) if one.line is not None]
        if end.file == file.number:
            found = [*itertools.takewhile(lambda one: one.key != end, found)]
        else:
            found = [one for one in found if one.key[:2] < end[:2]]
        yield from (one for one in reversed(found) if one.line is not None and _may_have(one.line, words))
        yield Found(Key(begin, file.number, (begin, 0)), None)
        until, step = begin, step * _STEP_GROWS
