"""Since when the oldest line waits that the operating system does not have."""

from __future__ import annotations

from collections import deque

__all__ = ["OldestLine"]

_STEP = 1 << 16  # bytes of text between two notes of the time


class OldestLine:
    """
    Follows the text that is handed over, and that of which the operating system has everything.

    To take the time for each line would cost too much: it is noted each 64 KiB of text, and `since` may be earlier than
    the truth. One thread hands over, another one writes.

    Args:
        now: Seconds of the steady clock.

    Attributes:
        since: When the oldest line was handed over, or before that; as good as now if none waits.
        next_note: Bytes of text from which on the time is to be noted.

    """

    def __init__(self, now: float) -> None:
        self.since = now
        self.next_note = 0
        self._notes: deque[tuple[int, float]] = deque()

    def note(self, text: int, now: float) -> None:
        """Note that so many bytes of text have been handed over."""
        self.next_note = text + _STEP
        self._notes.append((text, now))

    def written(self, text: int, handed_over: int, then: float) -> None:
        """
        Note that the operating system has so many bytes of text.

        Args:
            text: The bytes.
            handed_over: How many had been handed over a moment ago.
            then: When that was.

        """
        while self._notes and self._notes[0][0] <= text:
            self.since = max(self.since, self._notes.popleft()[1])
        if text >= handed_over:
            self.since = max(self.since, then)
