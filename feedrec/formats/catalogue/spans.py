"""
Which recordings have something of a span of time. Pure.

Of a run, which is written file by file, those are opened that have lines of the span, and all between them: a clock
that was set back brings earlier times after later ones. Who needs the state at the beginning of the span also needs
what came before: of each key the file with its last snapshot or, where the last frames tell, with its last frames, and
all from there on. A file that begins with the state (`--snapshot-on-rotate`) needs none before it.

Of a recording that does not say what is in it, its neighbours in the run tell between which times it lies. One that no
other follows may have any line from its beginning on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from .entry import Entry

__all__ = ["Key", "NeededBefore", "Reach", "recordings_of_span"]

Reach = Literal["snapshot", "snapshot or beginning", "frames", "beginning"]
"""Back to where the state of a key needs what was recorded: see `NeededBefore`."""

Key = tuple[str, str]
"""Channel and product."""

NeededBefore = Callable[[str, Collection[Key]], Sequence[tuple[Key, Reach]]]
"""
Returns, of an endpoint and the keys that recordings of it have, which frames the state of each key needs: those since
its last snapshot (without one none, or all), the last ones, or all. A key that has no state is left out.
"""

_ENOUGH = 100
"""Frames of a key that tell all that a state has of them: most need one, that of trades as many as a snapshot has."""

_NEVER = 1 << 80
"""A time after all others."""


class _Part(NamedTuple):
    """A recording as a file of its run: its number among all recordings, and the times between which its lines are."""

    number: int
    entry: Entry
    begin: int
    end: int


def recordings_of_span(
    entries: Sequence[Entry], start: int | None, end: int | None, needed: NeededBefore | None = None
) -> list[int]:
    """
    Return the numbers of the recordings that must be opened for a span of time, in ascending order.

    Args:
        entries: What is known of the recordings; of one that cannot be read, nothing is known.
        start: The first wall time of the span, inclusive, in nanoseconds; None for the beginning.
        end: The last, exclusive; None for the end.
        needed: Tells what the state at the start depends on; None if that is not needed.

    """
    runs: dict[object, list[int]] = {}
    for number, entry in enumerate(entries):
        runs.setdefault(number if entry.state == "unreadable" else entry.run, []).append(number)
    chosen: list[int] = []
    for numbers in runs.values():
        parts = _parts(entries, numbers)
        first, last = _overlap(parts, start, end)
        if first < last and start is not None and needed is not None:
            first = _first_needed(parts, first, start, needed)
        chosen += [part.number for part in parts[first:last]]
    return sorted(chosen)


def _parts(entries: Sequence[Entry], numbers: Sequence[int]) -> list[_Part]:
    """Return the files of a run in order, each with the times between which it lies as far as is known."""
    in_order = sorted(numbers, key=lambda number: _place_in_run(entries[number], number))
    begin = 0
    begins: list[int] = []
    for number in in_order:
        entry = entries[number]
        begins.append(max(begin, entry.created) if entry.begin is None else entry.begin)
        begin = begins[-1] if entry.end is None else entry.end
    end, ends = _NEVER, []
    for number, begin in zip(reversed(in_order), reversed(begins), strict=True):
        entry = entries[number]
        last = begin if entry.is_known else max(end, begin)  # one that is known and has no line is empty
        ends.append(last if entry.end is None else entry.end)
        end = begin
    return [_Part(number, entries[number], *times) for number, *times in zip(in_order, begins, ends[::-1], strict=True)]


def _place_in_run(entry: Entry, number: int) -> tuple[int, int, int]:
    return entry.part or 1, entry.begin or 0, number


def _overlap(parts: Sequence[_Part], start: int | None, end: int | None) -> tuple[int, int]:
    """Return which parts have lines of a span: the first of them, and the one after the last; equal ones for none."""
    first = next((place for place, part in enumerate(parts) if start is None or part.end >= start), len(parts))
    for place in range(first, len(parts)):
        if end is not None and parts[place].begin >= end:
            return first, place
    return first, len(parts)


def _first_needed(parts: Sequence[_Part], first: int, start: int, needed: NeededBefore) -> int:
    """Return from which part on files are needed for the state at a time in one of them, or before it."""
    entries = [part.entry for part in parts[: first + 1]]
    whole = _last_with_state(entries)
    before = entries[whole:first]
    if whole == first or any(entry.snapshots is None or not entry.is_known for entry in before):
        return whole  # nobody knows what is in the others
    start = max(start, parts[first].begin)
    known = {(one.channel, one.product) for one in entries[-1].snapshots or () if one.time <= start}
    places = _Places(before)
    found = [places.of(key, reach) for key, reach in needed(entries[-1].endpoint, places.keys - known)]
    return min((whole + place for place in found if place is not None), default=first)


def _last_with_state(entries: Sequence[Entry]) -> int:
    """Return the place of the last file that begins with snapshots of all that any of those before it has one of."""
    last = 0
    seen: set[Key] = set()
    for place, entry in enumerate(entries):
        snapshots = entry.snapshots or ()
        leading = {(one.channel, one.product) for one in snapshots if one.time == entry.begin}
        if leading and leading >= seen:
            last = place
        seen |= {(one.channel, one.product) for one in snapshots}
    return last


class _Places:
    """
    Where the keys of some files of a run are.

    Attributes:
        keys: All of them.

    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._frames: dict[Key, dict[int, int]] = {}
        self._snapshots: dict[Key, list[int]] = {}
        for place, entry in enumerate(entries):
            for channel in entry.channels:
                frames = self._frames.setdefault((channel.channel, channel.product or ""), {})
                frames[place] = frames.get(place, 0) + channel.frames
            for one in entry.snapshots or ():
                self._snapshots.setdefault((one.channel, one.product), []).append(place)
        self.keys = self._frames.keys() | self._snapshots.keys()

    def of(self, key: Key, reach: Reach) -> int | None:
        """Return the place of the file from which on a key's state can be told; None if none tells anything."""
        snapshots, frames = self._snapshots.get(key, []), self._frames.get(key, {})
        if reach == "frames":
            return self._of_enough(frames, snapshots)
        if reach != "beginning" and snapshots:
            return snapshots[-1]
        return None if reach == "snapshot" else min([*frames, *snapshots], default=None)

    @staticmethod
    def _of_enough(frames: Mapping[int, int], snapshots: Sequence[int]) -> int | None:
        """Return the place of the file from which on there are enough frames of a key, or a snapshot."""
        count = 0
        for place in sorted({*frames, *snapshots}, reverse=True):
            count += frames.get(place, 0)
            if count >= _ENOUGH or place in snapshots:
                return place
        return min(frames, default=None)
