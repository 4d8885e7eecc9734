"""
One time for all clients.

It begins with the first client that subscribes, and passes whether clients are connected or not. A client that
connects or reconnects later joins at the present. When a client has been sent everything and none is left, this time
is over: the next client starts from the beginning.
"""

from __future__ import annotations

from .schedule import Clock, Schedule
from .tempo import Tempo
from .time_types import RecordedSteady

__all__ = ["SharedTime"]


class SharedTime:
    """
    The time of all clients.

    Args:
        beginning: The steady time at which it begins; None for that of the first frame of the first client, which it
            is also if that is earlier.
        tempo: How fast it passes.
        clock: Returns the monotonic time.
        ends: Whether it is over at some time: else it stays where it is.
        is_live: Whether it begins at once, in step with a recorder.

    Attributes:
        beginning: The steady time at which it begins, or has begun.
        schedule: What tells when something is due; None if it has not begun.
        silences: What takes no time, of what is read for all clients.
        is_live: See above.

    """

    def __init__(
        self,
        beginning: RecordedSteady | None,
        tempo: Tempo,
        clock: Clock,
        *,
        ends: bool = True,
        is_live: bool = False,
    ) -> None:
        self.is_live = is_live
        self.beginning = beginning
        self.schedule: Schedule | None = None
        self.silences = tempo.new_silences()
        self.silences.read_from(beginning)
        self._given = beginning
        self._tempo = tempo
        self._clock = clock
        self._ends = ends
        self._clients = 0
        self._has_ended = False

    @property
    def present(self) -> RecordedSteady | None:
        """The steady time that is now; None if it has not begun."""
        return None if self.schedule is None else self.schedule.recorded_at(self._clock())

    def begin(self, first_time: RecordedSteady) -> Schedule:
        """Begin, unless it has begun, for a client whose first frame is of `first_time`; return the common schedule."""
        if self.schedule is None:
            self.beginning = first_time if self._given is None else min(first_time, self._given)
            self.schedule = self._tempo.begin(self.beginning, self.silences)
        return self.schedule

    def come(self) -> None:
        """Count a client that has connected."""
        self._clients += 1

    def leave(self, *, finished: bool) -> bool:
        """Count a client that has left; `finished` if it was sent everything. Return whether this time is over."""
        self._clients -= 1
        self._has_ended = self._ends and (self._has_ended or finished)
        if not self._has_ended or self._clients or self.schedule is None:
            return False
        self._tempo.end(self.schedule)
        self.silences.read_from(self.beginning)
        self.schedule = None
        self._has_ended = False
        return True
