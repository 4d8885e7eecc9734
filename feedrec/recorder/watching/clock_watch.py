"""Whether the clock of the machine was set, and whether something keeps it right. Pure: the clocks are parameters."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from ...formats.line.steady_clock import MAX_DRIFT, Reading, read_both
from ...model import NANOSECONDS
from .clock_quality import ClockQuality, read_clock_quality
from .rules import Change

__all__ = ["ClockFacts", "ClockWatch"]


class ClockFacts(msgspec.Struct, frozen=True):
    """
    How the clock stands.

    Attributes:
        steps: How often it was set.
        quality: How well it is kept; None if the system does not say.

    """

    steps: int = 0
    quality: ClockQuality | None = None


class ClockWatch:
    """
    Watches the clock of the machine.

    Args:
        wall: Nanoseconds since 1970, may step.
        steady: Nanoseconds of a clock that never steps.
        quality: Says how well the clock is kept.

    """

    def __init__(
        self,
        wall: Callable[[], int] = time.time_ns,
        steady: Callable[[], int] = time.monotonic_ns,
        quality: Callable[[], ClockQuality | None] = read_clock_quality,
    ) -> None:
        self._wall, self._steady, self._read_quality = wall, steady, quality
        self._reading: Reading = read_both(wall, steady)
        self._quality = quality()
        self._steps = 0

    @property
    def facts(self) -> ClockFacts:
        """How it stands, as of the last look, and how well it is kept at this moment."""
        return ClockFacts(self._steps, self._read_quality())

    def tick(self) -> list[Change]:
        """Return what has changed since the last look; to be called about each second."""
        changes = []
        before, self._reading = self._reading, read_both(self._wall, self._steady)
        step = self._reading.offset - before.offset
        if abs(step) > MAX_DRIFT:
            self._steps += 1
            way = "forward" if step > 0 else "back"
            text = f"the clock was set {way} by {abs(step) / NANOSECONDS:,.3f} s"
            changes.append(Change(text, {"step": step}))
        was, self._quality = self._quality, self._read_quality()
        if was is not None and self._quality is not None and was.synchronized != self._quality.synchronized:
            is_over = self._quality.synchronized
            text = "the clock is synchronized again" if is_over else "the clock is no longer synchronized"
            changes.append(Change(text, {**self._quality.as_dict(), "over": is_over}))
        return changes
