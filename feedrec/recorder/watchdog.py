"""Telling a connection that is dead from one that has nothing to say."""

from __future__ import annotations

from typing import Literal

__all__ = ["PING_AFTER", "SILENT_AFTER", "Verdict", "Watchdog"]

PING_AFTER = 10.0
"""Seconds without a byte after which the peer is pinged."""

SILENT_AFTER = 20.0
"""Seconds without a byte, not even the answer to the ping, after which the connection is dead."""

Verdict = Literal["alive", "ping", "dead"]


class Watchdog:
    """
    Judges the silence of one connection; all times are seconds of one steady clock.

    Args:
        now: The present time.

    Attributes:
        last_bytes: When anything arrived last, control frames included; set by the reader.

    """

    def __init__(self, now: float) -> None:
        self.last_bytes = self._last_frame = now
        self._pinged: float | None = None
        self._frames = 0

    def restart(self, now: float) -> None:
        """Begin again: nothing was read for a while, so nothing could arrive."""
        self.last_bytes = self._last_frame = now
        self._pinged = None

    def judge(self, now: float, frames: int, *, is_amid_message: bool, frame_limit: float | None) -> Verdict:
        """
        Judge the connection; `ping` is said once in each silence, and means that a ping is to be sent.

        Args:
            now: The present time.
            frames: Data frames received so far.
            is_amid_message: Whether a part of a message is here and the rest is still to come.
            frame_limit: Seconds without a data frame that the feed calls impossible; None if frames may be rare.

        """
        if frames != self._frames or is_amid_message:
            self._frames = frames
            self._last_frame = self.last_bytes
        if now - self.last_bytes >= SILENT_AFTER:
            return "dead"
        if frame_limit is not None and self.since_frame(now) >= frame_limit:
            return "dead"
        is_pinged = self._pinged is not None and self._pinged >= self.last_bytes
        if now - self.last_bytes >= PING_AFTER and not is_pinged:
            self._pinged = now
            return "ping"
        return "alive"

    def since_frame(self, now: float) -> float:
        """Return the seconds since a data frame, or a part of one, arrived."""
        return now - self._last_frame
