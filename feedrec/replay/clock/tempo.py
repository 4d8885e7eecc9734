"""How fast recorded time passes for all clients of a replay, as it is steered."""

from __future__ import annotations

from .schedule import Clock, Schedule
from .silences import Silences
from .time_types import RecordedSteady

__all__ = ["Tempo"]


class Tempo:
    """
    The speed of all schedules of a replay, of those that are still to begin too, and whether they stand still.

    Args:
        speed: Recorded seconds per second: positive, or `math.inf`.
        clock: Returns the monotonic time.
        is_paused: Whether time stands still at first.
        longest_silence: Nanoseconds that a silence takes at most; None for as long as it is.

    Attributes:
        speed: See above.
        is_paused: Whether time stands still.
        longest_silence: See above.
        is_fixed: Whether the speed must stay, as where times are moved to now.

    """

    def __init__(
        self, speed: float, clock: Clock, *, is_paused: bool = False, longest_silence: int | None = None
    ) -> None:
        self.speed = speed
        self.is_paused = is_paused
        self.longest_silence = longest_silence
        self.is_fixed = False
        self._clock = clock
        self._schedules: set[Schedule] = set()

    def new_silences(self) -> Silences:
        """Return what is still to learn which silences there are."""
        return Silences(self.longest_silence)

    def begin(self, recorded: RecordedSteady, silences: Silences | None = None) -> Schedule:
        """Begin a schedule, at a recorded time that is the present now; without silences, a reading begins there."""
        now = self._clock()
        if silences is None:
            silences = self.new_silences()
            silences.read_from(recorded)
        schedule = Schedule(recorded, now, self.speed, silences)
        if self.is_paused:
            schedule.pause(now)
        self._schedules.add(schedule)
        return schedule

    def end(self, schedule: Schedule) -> None:
        """Steer a schedule no longer."""
        self._schedules.discard(schedule)

    def pause(self) -> None:
        """Stop recorded time, wherever it passes."""
        self.is_paused = True
        for schedule in self._schedules:
            schedule.pause(self._clock())

    def resume(self) -> None:
        """Let recorded time go on."""
        self.is_paused = False
        for schedule in self._schedules:
            schedule.resume(self._clock())

    def set_speed(self, speed: float) -> None:
        """
        Change the speed, from now on.

        Raises:
            ValueError: If it is not positive.

        """
        if not speed > 0:
            raise ValueError(f"the speed must be positive, not {speed}")
        self.speed = speed
        for schedule in self._schedules:
            schedule.set_speed(speed, self._clock())
