"""
How the clocks of recordings are related: the steady time at which each begins.

The files of one recording share a monotonic clock, be they its parts or cuts of it. So the last reading of the last
file tells how far the wall clock of each was off, unless the monotonic clock went back from one file to the next.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

from ...errors import DamagedRecordingError, RecordingError
from ...model import format_time, parse_time
from ..facts.file_facts import FROM_END
from ..file.recording import Recording
from ..line.fast_path import time_texts
from ..line.index import Index, IndexedBlock
from ..line.steady_clock import (
    DISORDER,
    LONGEST_JUMP,
    Reading,
    SteadyClock,
    is_of_same_clock,
    reading_in,
    shift_between,
)
from .inputs import Input, RunIdentity

__all__ = [
    "Beginning",
    "beginning_of",
    "beginning_of_cut",
    "clock_at_place",
    "is_stepped",
    "last_reading",
    "starting_clocks",
]

_LINE = b'{"time":"%b"}'


def last_reading(recording: Recording, *, before_place: bool = False) -> Reading | None:
    """
    Return the last reading of both clocks in a recording, without reading much.

    Args:
        recording: The recording.
        before_place: Whether to return the last one among the lines that `seek` skipped.

    Returns:
        None if there is none in the last few minutes, or if the end can only be found by reading everything.

    """
    covered = 0

    def may_have_one(block: IndexedBlock) -> bool:
        nonlocal covered
        if block.has_others:
            return covered <= FROM_END
        covered += (block.last or 0) - (block.first or 0)
        return False

    for lines in recording.blocks_back(before_place=before_place, is_wanted=may_have_one):
        reading = next(filter(None, map(reading_in, reversed(lines))), None)
        if reading is not None:
            return reading
        times = [parse_time(text.decode()) for text in time_texts(lines) if text] if lines else []
        covered += max(times, default=0) - min(times, default=0)
        if covered > FROM_END:
            break
    return None


def starting_clocks(files: Sequence[Input]) -> list[SteadyClock]:
    """
    Return the steady clock of each recording, as of its first line.

    Steady times of all of them can be compared: they are anchored at the last reading of each recording.
    """
    clocks = [SteadyClock() for _ in files]
    for numbers in _runs(files):
        parts = [files[number] for number in numbers]
        begins = _readings_at_beginnings(parts)
        anchor = following = None
        for number, part, begin in reversed(list(zip(numbers, parts, begins, strict=True))):
            if begin is None:
                continue
            if anchor is None or following is None or not _continues(part, begin, following):
                anchor = _last_of(part) or begin
            following = begin
            is_known = begin != part.reading  # else its line is to come
            clocks[number] = SteadyClock(shift_between(begin, anchor), begin if is_known else None)
    return clocks


def _readings_at_beginnings(parts: Sequence[Input]) -> list[Reading | None]:
    """Return for each file of a recording the reading that holds at its beginning; None if it is not known."""
    begins = [part.reading for part in parts]
    if not any(begins):
        return begins
    for number in range(1, len(parts)):
        if "part" in parts[number].header.extra and not parts[number].begins_with_reading:  # feedrec 0.1.0 wrote it
            before, own = _last_of(parts[number - 1]), begins[number]
            if before is not None and (own is None or before.steady <= own.steady):
                begins[number] = before
    return begins


class Beginning(NamedTuple):
    """
    How the lines of a recording begin.

    Attributes:
        clock: Its steady clock as of the first line.
        first: The steady time of that line, as text, or an earlier time.

    """

    clock: SteadyClock
    first: bytes


def beginning_of(file: Input, clock: SteadyClock) -> Beginning:
    """Return how a recording begins, given its clock as of its first line."""
    if not file.first:  # it has no line, or none yet
        return Beginning(clock, format_time(file.header.created).encode())
    return Beginning(clock, clock.copy().take_lines([_LINE % file.first])[0])


def beginning_of_cut(file: Input, clock: SteadyClock, start: int, end: int | None) -> Beginning:
    """
    Return how the part of a recording between two wall times begins.

    Args:
        file: The recording.
        clock: Its clock as of its first line.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive.

    """
    first = format_time(max(start, 0)).encode()
    limit = None if end is None else format_time(max(end, 0)).encode()
    with file.open() as recording, contextlib.suppress(DamagedRecordingError):  # reading reports it when it gets there
        is_amid = recording.seek(start) > 0
        if not is_amid and file.reading is None and clock.reading is None:
            return Beginning(clock, max(file.first, first))  # there is nothing to find before the cut
        clock = clock_at_place(recording, clock, file.reading) if is_amid else clock.copy()
        for lines in recording.batches():
            for number, text in enumerate(time_texts(lines)):
                if text >= first and (limit is None or text < limit):
                    clock.take_lines(lines[:number])
                    return Beginning(clock, clock.copy().take_lines(lines[number : number + 1])[0])
            clock.take_lines(lines)
    return Beginning(clock, b"")


def clock_at_place(recording: Recording, start: SteadyClock, first: Reading | None) -> SteadyClock:
    """
    Return the steady clock of a recording as of the place that `seek` led to.

    Args:
        recording: The recording.
        start: Its clock as of its first line.
        first: Its first reading.

    """
    base = start.reading or first
    before = None if base is None else last_reading(recording, before_place=True)
    if before is None or base is None:
        return start.copy()
    later = max(base.steady, before.steady)
    anchor = Reading(base.offset + start.shift + later, later)
    return SteadyClock(shift_between(before, anchor), before)


def is_stepped(file: Input, clock: SteadyClock, index: Index | None) -> bool:
    """
    Return whether the wall clock of a recording seems to have been set.

    Args:
        file: The recording.
        clock: Its steady clock as of its first line.
        index: Its index, which shows where time jumps.

    """
    if clock.shift or (index is None and file.reading is None):
        return True
    latest: int | None = None
    for block in index.blocks if index is not None else ():
        if block.first is not None and block.last is not None:
            if latest is not None and not latest - DISORDER <= block.first <= latest + LONGEST_JUMP:
                return True
            latest = block.last
    return False


def _continues(file: Input, begin: Reading, following: Reading) -> bool:
    """Return whether the file after this one has the same monotonic clock, given the readings at their beginnings."""
    is_part = "part" in file.header.extra  # else it may have the same header by chance
    return begin.steady <= following.steady if is_part else is_of_same_clock(begin, following)


def _last_of(file: Input) -> Reading | None:
    if file.facts is not None:
        return file.facts.last_reading
    try:
        with file.open() as recording:
            return last_reading(recording)
    except RecordingError:  # reading reports it when it gets there
        return None


def _runs(files: Sequence[Input]) -> list[list[int]]:
    """Return the numbers of the files of each recording in order: its parts, or cuts of it."""
    runs: dict[RunIdentity | int, list[int]] = {}
    for number, file in enumerate(files):
        is_known = bool(
            file.header.url and file.header.created
        )  # else files that have nothing in common look like parts
        runs.setdefault(file.run if is_known else number, []).append(number)

    def order(number: int) -> tuple[int, int]:
        part, reading = files[number].header.extra.get("part"), files[number].reading
        return part if isinstance(part, int) else 0, reading.steady if reading is not None else 0

    return [sorted(numbers, key=order) for numbers in runs.values()]
