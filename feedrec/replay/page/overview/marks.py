"""
What happened to recordings beside frames, as marks over time: what events say, and what summaries say of them.

1. A `gap`, `refused` or `pause` is a mark, and whatever else tells that frames are missing or wrong.
2. A `close` is a mark once a connection of the same recording is opened after it, and so is that `open`.
3. A `clock` is one where the wall clock was set since the last reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from ....formats.facts.file_facts import FileFacts
from ....formats.line.steady_clock import MAX_DRIFT, Reading, is_of_same_clock, reading_of
from ....model import NANOSECONDS, Event
from ....visible import with_escapes

__all__ = ["MARKING", "Mark", "MarkFinder", "chosen_marks", "gaps_told", "may_have_marks"]

MARKING: Mapping[str, str] = {
    "gap": "gap",
    "lost": "gap",
    "damage": "gap",
    "reset": "gap",
    "refused": "refused",
    "pause": "pause",
    "silence": "other",
    "crossed": "other",
    "contradiction": "other",
    "resync": "other",
    "missing": "other",
    "error": "other",
    "failover": "other",
    "continuation": "other",
    "unfinished": "other",
}
"""The kind of the mark that an event is, by its name; that of connections and clocks depends on others."""

_LONGEST_TEXT = 200
_LONGEST_VALUE = 60
_LEFT_OVER = ""  # events of which a summary does not say what they are
_ONE_OPEN = {"open": 1, "close": 1}


class Mark(msgspec.Struct, frozen=True):
    """
    Something that happened.

    Attributes:
        time: When, in nanoseconds.
        kind: `gap`, `reconnect`, `refused`, `fault`, `pause`, `clock` or `other`.
        text: What it was, for people, with no character that cannot be seen.
        is_counted: Whether a summary counts it among the gaps.

    """

    time: int
    kind: str
    text: str
    is_counted: bool = False


class MarkFinder:
    """Finds the marks of one recording, from its events in their order."""

    def __init__(self) -> None:
        self._closed: list[Mark] = []
        self._had_connection = False
        self._reading: Reading | None = None

    def take(self, event: Event) -> Iterator[Mark]:
        """Yield what an event makes a mark of: mostly itself."""
        kind = MARKING.get(event.name)
        if kind is not None:
            yield _mark(event, kind)
        elif event.name == "close":
            self._closed.append(_mark(event, "reconnect"))
        elif event.name == "open":
            yield from self._closed
            if self._had_connection or self._closed:
                yield _mark(event, "reconnect")
            self._closed, self._had_connection = [], True
        elif (reading := reading_of(event)) is not None:
            yield from self._read(event, reading)

    def _read(self, event: Event, reading: Reading) -> Iterator[Mark]:
        before, self._reading = self._reading, reading
        if before is None:
            return
        if not is_of_same_clock(before, reading):
            yield Mark(event.time, "clock", "another clock")
        elif abs(step := reading.offset - before.offset) > MAX_DRIFT:
            yield Mark(event.time, "clock", f"the clock was set by {step / NANOSECONDS:+.3f} s")


def may_have_marks(facts: FileFacts | None) -> bool:
    """Return whether the events of a file may be marks, as far as its summary tells."""
    if facts is None:
        return True
    ends = (facts.received, facts.others)
    moments = [moment for one in ends for moment in (one.first, one.last) if moment is not None]
    was_set = facts.jump is not None or any(steady != wall for steady, wall in moments)
    names = facts.events
    many = any(names.get(name, 0) > most for name, most in _ONE_OPEN.items())
    return was_set or many or _LEFT_OVER in names or any(name in MARKING for name in names)


def gaps_told(facts: FileFacts) -> Iterator[Mark]:
    """Yield the gaps that a summary tells of, by its bins, those among them of which no event tells."""
    bins = facts.gaps_over_time
    shift = (facts.begin_wall or 0) - (facts.begin or 0)
    for number, count in bins.by_number():
        time = number * bins.width + bins.width // 2 + shift
        yield Mark(time, "gap", "a gap" if count == 1 else f"{count:,} gaps", is_counted=True)


def chosen_marks(marks: Sequence[Mark], start: int, end: int, most: int) -> tuple[list[Mark], int]:
    """
    Return the marks between two times, in their order, and how many are left out.

    If there are more than `most`, they are taken from all over that time, rare kinds before others.
    """
    within = sorted((mark for mark in marks if start <= mark.time < end), key=lambda mark: mark.time)
    if len(within) <= most:
        return within, 0
    by_kind: dict[str, list[Mark]] = {}
    for mark in within:
        by_kind.setdefault(mark.kind, []).append(mark)
    chosen: list[Mark] = []
    kinds = sorted(by_kind.values(), key=len)
    for number, its in enumerate(kinds):
        chosen += _thinned(its, (most - len(chosen)) // (len(kinds) - number))
    return sorted(chosen, key=lambda mark: mark.time), len(within) - len(chosen)


def _thinned(marks: Sequence[Mark], most: int) -> Iterable[Mark]:
    if len(marks) <= most:
        return marks
    return (marks[number * len(marks) // most] for number in range(most))


def _mark(event: Event, kind: str) -> Mark:
    connection = "" if event.conn is None else f" on connection {event.conn}"
    details = ", ".join(f"{key} {_said(value)}" for key, value in event.details.items() if value not in ("", None))
    text = f"{event.name}{connection}{': ' if details else ''}{details}"
    return Mark(event.time, kind, with_escapes(text[:_LONGEST_TEXT]), is_counted=event.name == "gap")


def _said(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
