"""
When a recorded moment is due: the anchored clock.

1. A deadline is absolute: anchor + recorded time since the anchor / speed. No deadline builds on the one before it, so
   errors never add up.
2. The anchor is a pair (recorded steady time, monotonic time). It is taken anew when the replay pauses, resumes, seeks
   or changes its speed, and at no other time. Doing so costs less than a recorded nanosecond.
3. Everything is integer arithmetic: a speed is the exact ratio that its float stands for. An infinite speed is the
   ratio 1/0: recorded time takes no time at all, and every frame is due at the anchor.
4. `wait_until_due` asks for the deadline anew each time it wakes, and a change of the schedule rings its alarms, so it
   reaches those who wait.
5. What is cut of silences takes no time: both sides of the anchor's equation are counted without it (`silences.py`). So
   a deadline stays what it was, when a silence before it becomes known in time.
6. There may be several reasons for a pause, of which each ends by itself: time goes on when there is none left.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from ...model import NANOSECONDS
from .alarm import Alarm
from .silences import Silences
from .time_types import Monotonic, RecordedSteady

__all__ = ["LEAD", "LONGEST_SLEEP", "NEVER", "Clock", "Schedule", "Sleep", "next_nap", "wait_until_due"]

LEAD = 300_000
"""
Nanoseconds before a deadline at which sleeping ends and yielding begins.

An event loop's timers are late by up to 1 ms, and yielding costs all of a core. With 2 ms, a frame each millisecond
kept a core busy all the time, and p99 was 0.05 ms; with this, it is 13 % of a core, and p99 is 1 ms.
"""

LONGEST_SLEEP = 100_000_000
"""Nanoseconds after which a sleeper checks the schedule again, whatever it says."""

_LONGEST_NAP, _LAST_NAP = 8_000_000, 2_000_000  # see `next_nap`

NEVER = Monotonic(1 << 63)
"""Later than any deadline."""

Clock = Callable[[], Monotonic]
"""Returns the monotonic time."""

Sleep = Callable[[float], Awaitable[None]]
"""Sleeps for some seconds; for zero seconds it lets other tasks run."""


class Schedule:
    """
    Maps recorded time to monotonic time, both in nanoseconds.

    Args:
        recorded: The recorded time that is the present.
        now: The monotonic time at which it is.
        speed: Recorded seconds per second: positive, or `math.inf`.
        silences: What takes no time; None for nothing.

    Attributes:
        changes: How often the anchor was taken anew, or a silence became known: deadlines that were computed before
            that no longer hold.
        begun: The monotonic time at which it began.
        alarms: They ring whenever the anchor is taken anew.
        reached: Tells how far the replay got where time takes no time; None if only the caller knows.
        is_paced: Whether recorded time takes time: whether the speed is finite.
        silences: See above.

    Raises:
        ValueError: If the speed is not positive.

    """

    def __init__(
        self, recorded: RecordedSteady, now: Monotonic, speed: float = 1.0, silences: Silences | None = None
    ) -> None:
        self.changes = 0
        self.silences = silences or Silences()
        self.silences.on_change = self._note_change
        self.begun = now
        self.alarms: set[Alarm] = set()
        self.reached: Callable[[], RecordedSteady] | None = None
        self._recorded = recorded
        self._monotonic = now
        self._reasons: set[str] = set()
        self._paused = False
        self._asked: tuple[Sequence[RecordedSteady], int, list[Monotonic]] | None = None
        self._use_speed(speed)

    @property
    def speed(self) -> float:
        """Recorded seconds per second, apart from pauses."""
        return self._speed

    @property
    def is_paused(self) -> bool:
        """Whether recorded time stands still."""
        return self._paused

    def deadline(self, recorded: RecordedSteady) -> Monotonic | None:
        """Return the monotonic time at which a recorded moment is due; None while paused: it is not known then."""
        if self._paused:
            return None
        passed = self.silences.played(recorded) - self.silences.played(self._recorded)
        return Monotonic(self._monotonic + passed * self._denominator // self._numerator)

    def deadlines(self, times: Sequence[RecordedSteady]) -> list[Monotonic]:
        """
        Return the deadline of each of many recorded moments; `NEVER` while paused.

        Whoever asks for the same moments right after another gets the same list: leave it as it is.
        """
        asked = self._asked
        if asked is None or asked[0] is not times or asked[1] != self.changes:
            self._asked = asked = times, self.changes, self._find_deadlines(times)
        return asked[2]

    def _find_deadlines(self, times: Sequence[RecordedSteady]) -> list[Monotonic]:
        if self._paused or not self._denominator:
            return [NEVER if self._paused else self._monotonic] * len(times)
        monotonic, recorded, numerator, denominator = (
            self._monotonic,
            self.silences.played(self._recorded),
            self._numerator,
            self._denominator,
        )
        played = self.silences.played_all(times)
        return cast("list[Monotonic]", [monotonic + (time - recorded) * denominator // numerator for time in played])

    def recorded_at(self, now: Monotonic) -> RecordedSteady:
        """
        Return the recorded time that is the present at a monotonic time.

        At infinite speed it is what `reached` tells. Without that it stays at the anchor: seek before slowing down.
        """
        if not (self._paused or self._denominator or self.reached is None):
            return max(self._recorded, self.reached())
        if self._paused or not self._denominator:
            return self._recorded
        passed = (now - self._monotonic) * self._numerator // self._denominator
        return self.silences.recorded(self.silences.played(self._recorded) + passed)

    def pause(self, now: Monotonic, reason: str = "") -> None:
        """Stop recorded time, for a reason."""
        recorded = self.recorded_at(now)
        self._reasons.add(reason)
        self._paused = True
        self.seek(recorded, now)

    def resume(self, now: Monotonic, reason: str = "") -> None:
        """Let recorded time go on from where it stopped, unless there is another reason for the pause."""
        recorded = self.recorded_at(now)
        self._reasons.discard(reason)
        self._paused = bool(self._reasons)
        self.seek(recorded, now)

    def seek(self, recorded: RecordedSteady, now: Monotonic) -> None:
        """Make a recorded time the present."""
        self._recorded = recorded
        self._monotonic = now
        self._note_change()

    def set_speed(self, speed: float, now: Monotonic) -> None:
        """
        Change the speed at which recorded time passes, from now on.

        Raises:
            ValueError: If the speed is not positive.

        """
        recorded = self.recorded_at(now)
        self._use_speed(speed)
        self.seek(recorded, now)

    def _note_change(self) -> None:
        self.changes += 1
        for alarm in self.alarms:
            alarm.ring()

    def _use_speed(self, speed: float) -> None:
        if not speed > 0:
            raise ValueError(f"the speed must be positive, not {speed}")
        self._numerator, self._denominator = (1, 0) if math.isinf(speed) else float(speed).as_integer_ratio()
        self.is_paced = not math.isinf(speed)
        self._speed = speed


def next_nap(left: int) -> float:
    """
    Return for how many seconds to sleep, if that is to end in so many nanoseconds: the last of it is slept by itself.

    An event loop rounds a timeout up to milliseconds, and then once more if these are no exact fraction: measured, a
    longer sleep ends up to 2.1 ms late, one of 8 ms or less 1.1 ms.
    """
    return (left if left <= _LONGEST_NAP else left - _LAST_NAP) / NANOSECONDS


async def wait_until_due(
    due: Callable[[], Monotonic | None], *, clock: Clock, sleep: Sleep = asyncio.sleep, lead: int = LEAD
) -> Monotonic:
    """
    Wait until something is due; return its deadline.

    Args:
        due: Returns the deadline, None if it is not known; it may change meanwhile.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        lead: Nanoseconds before the deadline at which sleeping ends and yielding begins.

    """
    while True:
        deadline = due()
        remaining = 2 * LONGEST_SLEEP if deadline is None else deadline - clock()
        if deadline is not None and remaining <= 0:
            return deadline
        if remaining > lead:
            await sleep(min(next_nap(remaining - lead), LONGEST_SLEEP / NANOSECONDS))
        else:
            await sleep(0)
