"""Which lines of a block are looked at: of other recordings than the first, mostly few."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import parse_time
from ..facts.sequence_check import Rules
from ..line.columns import stretches
from ..line.fast_path import time_texts
from ..line.steady_clock import SteadyClock, reading_in
from .choosing import Choosing
from .protocols import TrackRule

__all__ = ["WantedLines"]


class WantedLines:
    """
    Leaves out frames that the first recording has, before they are merged with the others.

    Args:
        rules: What is known about the feed.
        rule: Tells what frames are of.
        ranks: The place of the recording of each input.
        clocks: The clock of each input as of its first line.
        choosing: Knows what is needed.

    """

    def __init__(
        self,
        rules: Rules,
        rule: TrackRule,
        ranks: Sequence[int],
        clocks: Sequence[SteadyClock],
        choosing: Choosing,
    ) -> None:
        self._rules, self._rule, self._ranks, self._choosing = rules, rule, ranks, choosing
        self._clocks = [clock.copy() for clock in clocks]

    def choose(self, file: int, lines: list[bytes]) -> Sequence[int] | None:
        """Return the places of the lines that are wanted; None for all."""
        if self._ranks[file] == 0:
            return None
        until = self._latest(file, lines)
        if until is None or self._choosing.is_needed(until):
            return None
        wanted: list[int] = []
        for begin, end, received in stretches(lines, self._rules.describe, describe_all=self._rules.describe_all):
            if received is None:
                wanted += range(begin, end)
            else:
                wanted += [begin + place for place, info in enumerate(received.infos) if not self._rule.tracks(info)]
        return wanted

    def _latest(self, file: int, lines: Sequence[bytes]) -> int | None:
        """Return the latest steady time of lines, as far as their readings tell; None if one has no time."""
        clock = self._clocks[file]
        shifts = [clock.shift]
        for line in lines:
            reading = reading_in(line)
            if reading is not None:
                clock.take(reading.wall, reading)
                shifts.append(clock.shift)
        texts = time_texts([lines[0], lines[-1], max(lines, key=_time_of)])
        if not all(texts):
            return None
        return max(parse_time(text.decode()) for text in texts) + max(shifts)


def _time_of(line: bytes) -> bytes:
    return line[9:39]
