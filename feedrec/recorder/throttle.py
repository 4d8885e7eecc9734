"""Short pauses of reading, which come several times a second if a recorder is saturated, and are reported together."""

from __future__ import annotations

from typing import Any

from ..formats.file.growing.disk_rules import REPORT_EVERY, Reminder

__all__ = ["REPORT_EVERY", "Reminder", "Throttle"]

_WORTH_A_REPORT = 1.0  # seconds of pauses


class Throttle:
    """
    The pauses of one connection that are so short that they are reported together.

    Times are seconds of a steady clock.
    """

    def __init__(self) -> None:
        self._began: float | None = None
        self._count = 0
        self._seconds = 0.0
        self._reminder = Reminder()

    def begin(self, now: float) -> None:
        """Note that reading is paused."""
        self._began = now
        self._count += 1

    def end(self, now: float) -> None:
        """Note that reading goes on, if it was paused."""
        if self._began is not None:
            self._seconds += now - self._began
            self._began = None

    def report(self, now: float) -> dict[str, Any] | None:
        """Return how often and how long reading was paused since the last report; None if none is due."""
        if self._seconds < _WORTH_A_REPORT or not self._reminder.is_due(now):
            return None
        return self.rest()

    def rest(self) -> dict[str, Any] | None:
        """Return what was not reported yet, at the end; None if there is nothing."""
        if not self._count:
            return None
        details = {"pauses": self._count, "seconds": round(self._seconds, 3)}
        self._count, self._seconds = 0, 0.0
        return details
