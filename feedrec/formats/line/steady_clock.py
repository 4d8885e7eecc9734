"""
Steady time: the time of a recording without the steps of its wall clock. Pure, and the one place of these rules.

The steady time of a line is its wall time plus a shift. It is a wall time as well: the one that the line would have
if the clock had always been as it was at one reading of the recording, its anchor. docs/format.md is normative.

1. A reading pairs both clocks. Where the difference between them is not that of the reading before, the wall clock was
   set in between: the shift changes by as much as the clock did. Differences of up to `MAX_DRIFT` mean nothing.
2. Two readings are of different clocks if the monotonic one goes back (another boot), or advances by `LONGEST_JUMP`
   more than the wall clock, which does not go back either (another machine). Then only the wall clock says how much
   time passed.
3. A line that is more than `DISORDER` before the latest one, or more than `LONGEST_JUMP` after it, without a reading
   that says how long it took, is a jump: no time passes across it.
4. Steady time never decreases.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ...errors import LineError
from ...model import NANOSECONDS, TIME_LIMIT, Event, Frame, Record, format_time, parse_time
from .codec import decode_line
from .fast_path import time_texts

__all__ = [
    "DISORDER",
    "LONGEST_JUMP",
    "MAX_DRIFT",
    "Jump",
    "Reading",
    "SteadyClock",
    "is_of_same_clock",
    "read_both",
    "reading_in",
    "reading_of",
    "shift_between",
]

MAX_DRIFT = 1_000_000
"""Nanoseconds by which the difference between wall and monotonic clock may change without a step."""

LONGEST_JUMP = 3600 * NANOSECONDS
"""Nanoseconds by which time may advance from line to line without a reading."""

DISORDER = NANOSECONDS
"""Nanoseconds by which a line may be before the latest one without a step of the clock."""

_MOST_STEADY = 1 << 63
_SAMPLES = 3
_CLOCK = b'"clock"'
_BEFORE_CLOCK = 100  # a `clock` event that we wrote has its name within so many bytes


class Reading(NamedTuple):
    """Both clocks at one moment, in nanoseconds; only differences of the steady one mean anything."""

    wall: int
    steady: int

    @property
    def offset(self) -> int:
        """The wall time at which the steady clock was zero, if the wall clock was never set."""
        return self.wall - self.steady

    def at(self, wall: int) -> Reading:
        """Return the reading at another wall time, if the clock was not set in between."""
        return Reading(wall, self.steady + wall - self.wall)

    def event(self, time: int, conn: int | None) -> Event:
        """Return the `clock` event of it; of connection 0 if it is of none."""
        return Event(time, conn or 0, "clock", {"wall": self.wall, "monotonic": self.steady})


def read_both(wall: Callable[[], int], steady: Callable[[], int]) -> Reading:
    """Read two clocks a few times; return the quickest reading: a pause of the process is no step of the clock then."""
    best, best_gap = Reading(0, 0), math.inf
    for _ in range(_SAMPLES):
        before, now, after = steady(), wall(), steady()
        if after - before < best_gap:
            best, best_gap = Reading(now, (before + after) // 2), after - before
    return best


class Jump(NamedTuple):
    """Two wall times that follow each other in a recording, without anything that says how long that took."""

    before: int
    after: int

    def __str__(self) -> str:
        seconds = abs(self.after - self.before) / NANOSECONDS
        way = "back" if self.after < self.before else "forward"
        return (
            f"time jumps {way} by {seconds:,.1f} s at {format_time(self.after)}, and no `clock` event says how long "
            "it took: no time passes there"
        )


def reading_of(record: Record) -> Reading | None:
    """Return the reading in a record; None if it is not a `clock` event with both clocks."""
    if not isinstance(record, Event) or record.name != "clock":
        return None
    wall, steady = record.details.get("wall"), record.details.get("monotonic")
    if not isinstance(wall, int) or not isinstance(steady, int):
        return None
    return Reading(wall, steady) if 0 <= wall < TIME_LIMIT and abs(steady) < _MOST_STEADY else None


def reading_in(line: bytes) -> Reading | None:
    """Return the reading in a line; None if there is none, or it is not a line of a recording."""
    if line.find(_CLOCK, 0, _BEFORE_CLOCK) < 0:
        return None
    try:
        return reading_of(decode_line(line))
    except LineError:
        return None


def shift_between(reading: Reading, anchor: Reading) -> int:
    """Return the shift of the lines after a reading for which those after `anchor`, a later one, have none."""
    return _step(anchor.offset - reading.offset) if reading.steady <= anchor.steady else 0


def _step(difference: int) -> int:
    """Return by how much the wall clock was set where its difference to the monotonic one changes by so much."""
    if abs(difference) <= MAX_DRIFT:
        return 0
    return (difference + MAX_DRIFT // 2) // MAX_DRIFT * MAX_DRIFT


def is_of_same_clock(before: Reading, reading: Reading) -> bool:
    """Return whether two readings that follow each other are of the same monotonic clock."""
    elapsed = reading.steady - before.steady
    return 0 <= elapsed <= max(reading.wall - before.wall, 0) + LONGEST_JUMP


class SteadyClock:
    """
    Gives the steady time of the lines of one recording, in their order.

    Args:
        shift: Nanoseconds from the wall time of the first line to its steady time.
        reading: The latest reading before that line; None if it is not known.

    Attributes:
        shift: The shift of the latest line.
        reading: The latest reading.
        jump: The first jump without a reading; None if there is none.

    """

    __slots__ = ("_last", "_latest", "_offset", "jump", "reading", "shift")

    def __init__(self, shift: int = 0, reading: Reading | None = None) -> None:
        self.shift = shift
        self.reading = reading
        self.jump: Jump | None = None
        self._offset = 0 if reading is None else reading.offset
        self._last: int | None = None  # wall time of the latest line
        self._latest = 0

    def copy(self) -> SteadyClock:
        """Return a clock that goes on from here by itself."""
        other = SteadyClock(self.shift, self.reading)
        other.jump, other._offset, other._last, other._latest = self.jump, self._offset, self._last, self._latest
        return other

    def take(self, wall: int, reading: Reading | None = None) -> int:
        """
        Return the steady time of the next line.

        Args:
            wall: Its wall time in nanoseconds.
            reading: The reading in it, if any.

        """
        if reading is not None:
            self._read(wall, reading)
        else:
            self._pass(wall)
        self._latest = max(self._latest, wall + self.shift)
        return self._latest

    def take_run(self, walls: list[int]) -> list[int]:
        """
        Return the steady times of lines without a reading that follow each other; there is at least one.

        The list is the one passed if they are the wall times.
        """
        last = walls[0] if self._last is None else self._last
        is_simple = walls[0] >= last and sorted(walls) == walls
        if not is_simple or (
            walls[-1] - last > LONGEST_JUMP and max(map(operator.sub, walls, [last, *walls])) > LONGEST_JUMP
        ):
            return [self.take(wall) for wall in walls]
        times = [wall + self.shift for wall in walls] if self.shift else walls
        if times[0] < self._latest:
            times = [max(time, self._latest) for time in times]
        self._last, self._latest = walls[-1], times[-1]
        return times

    def take_decoded(
        self, frames: Sequence[Frame], others: Sequence[Record], places: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """
        Return the steady times of decoded lines: those of the received frames, and those of all others.

        Args:
            frames: The received frames.
            others: The others.
            places: For each of those, how many of the received frames stand before it.

        """
        if not others:
            return self.take_run([frame.time for frame in frames]) if frames else [], []
        times: list[int] = []
        other_times: list[int] = []
        start = 0
        for other, place in zip(others, places, strict=True):
            if start < place:
                times += self.take_run([frame.time for frame in frames[start:place]])
                start = place
            other_times.append(self.take(other.time, reading_of(other)))
        if start < len(frames):
            times += self.take_run([frame.time for frame in frames[start:]])
        return times, other_times

    def take_lines(self, lines: Sequence[bytes]) -> list[bytes]:
        """
        Return the steady time of each line, as text that sorts like time.

        A line without a time has that of the line before it; for the first one it is empty.
        """
        texts = time_texts(lines)
        times: list[bytes] = []
        for number, line in enumerate(lines):
            if line.find(_CLOCK, 0, _BEFORE_CLOCK) >= 0 and (reading := reading_in(line)) is not None:
                times += self._take_texts(texts[len(times) : number])
                times.append(self._take_text(texts[number], reading))
        times += self._take_texts(texts[len(times) :])
        return times

    def _take_texts(self, texts: Sequence[bytes]) -> Sequence[bytes]:
        """Return the steady times of lines without a reading."""
        if texts and not self.shift and sorted(texts) == texts:
            first, last = _parsed(texts[0]), _parsed(texts[-1])
            if first is None or last is None:
                return [self._take_text(text) for text in texts]
            is_short = last - first <= LONGEST_JUMP and self._latest <= first
            if is_short and (self._last is None or self._last <= first <= self._last + LONGEST_JUMP):
                self.take_run([first, last])
                return texts
        return [self._take_text(text) for text in texts]

    def _take_text(self, text: bytes, reading: Reading | None = None) -> bytes:
        time = _parsed(text)
        if time is not None:
            self.take(time, reading)
        return format_time(min(self._latest, TIME_LIMIT - 1)).encode() if self._last is not None else b""

    def _pass(self, wall: int) -> None:
        last = self._last
        if last is None or last <= wall <= last + LONGEST_JUMP:
            self._last = wall
        elif not last - DISORDER <= wall < last:
            self._jump(last, wall)

    def _jump(self, last: int, wall: int) -> None:
        self.jump = self.jump or Jump(last, wall)
        self.shift += last - wall
        self._last = wall

    def _read(self, wall: int, reading: Reading) -> None:
        before = self.reading
        self.reading = reading
        if before is None or not is_of_same_clock(before, reading):
            self._offset = reading.offset
            if before is None:
                self._pass(wall)
            elif self._last is not None and wall < self._last - DISORDER:
                self._jump(self._last, wall)
        elif step := _step(reading.offset - self._offset):
            self._offset += step
            self.shift -= step
            self._last = None
        self._last = wall if self._last is None else max(self._last, wall)


def _parsed(text: bytes) -> int | None:
    """Return the time that `time_texts` gives; None for none, or if there is no such day: decoding reports it."""
    try:
        return parse_time(text.decode()) if text else None
    except ValueError:
        return None
