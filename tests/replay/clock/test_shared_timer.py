"""One timer for all who wait for a time: nobody is called early, and crowds are called together."""

from __future__ import annotations

import asyncio
import itertools
import time

from feedrec.replay.clock.shared_timer import COALESCED, SharedTimer
from feedrec.replay.clock.time_types import Monotonic

from ...timing import HANG_TIMEOUT, until

MILLISECOND = 1_000_000


def clock() -> Monotonic:
    return Monotonic(time.monotonic_ns())


class Sleeper:
    """Is due so many times, some nanoseconds apart; each time it sends so many frames."""

    def __init__(self, times: int, apart: int, frames: int = 1) -> None:
        self.begin = clock() + 2 * MILLISECOND
        self.due = [Monotonic(self.begin + number * apart) for number in range(times)]
        self.calls: list[int] = []
        self.is_done = False
        self.frames = frames
        self._done = 0

    def on_due(self, now: Monotonic) -> tuple[int, Monotonic | None]:
        assert not self.is_done
        assert self.due[self._done] <= now <= clock()
        self.calls.append(now)
        while self._done < len(self.due) and self.due[self._done] <= now:
            self._done += 1
        self.is_done = self._done == len(self.due)
        return self.frames, None if self.is_done else self.due[self._done]


def played(*sleepers: Sleeper) -> None:
    """Have them called until all are done."""

    async def play() -> None:
        timer = SharedTimer(clock)
        for sleeper in sleepers:
            timer.add(sleeper, sleeper.due[0])
        await until(lambda: all(sleeper.is_done for sleeper in sleepers))

    asyncio.run(asyncio.wait_for(play(), HANG_TIMEOUT))


def test_everybody_is_called_when_due_and_never_early() -> None:
    """Whether there are a few of them, for whom the last moment is spent yielding, or many."""
    for count in (1, 3, 12):
        sleepers = [Sleeper(10 + number, (1 + number % 3) * MILLISECOND) for number in range(count)]
        played(*sleepers)
        assert all(sleeper.is_done for sleeper in sleepers)


def test_who_is_due_later_is_called_once_though_the_timer_wakes_before() -> None:
    """A long sleep has a last part of its own."""
    sleeper = Sleeper(3, 20 * MILLISECOND)
    played(sleeper)
    assert len(sleeper.calls) == 3


def test_those_who_are_due_together_are_called_at_one_time() -> None:
    sleepers = [Sleeper(1, 0) for _ in range(10)]
    latest = max(sleeper.due[0] for sleeper in sleepers)
    for sleeper in sleepers:
        sleeper.due = [latest]
    played(*sleepers)
    assert len({moment for sleeper in sleepers for moment in sleeper.calls}) == 1


def test_a_crowd_is_called_every_4_ms_at_most() -> None:
    """Once it is one, after the first tenth of a second, and as long as it is: not when the first of them are done."""
    sleepers = [Sleeper(500, MILLISECOND, frames=200) for _ in range(8)]
    played(*sleepers)
    begin, end = sleepers[-1].begin + 210 * MILLISECOND, min(sleeper.calls[-1] for sleeper in sleepers)
    moments = sorted({moment for sleeper in sleepers for moment in sleeper.calls if begin < moment < end})
    assert len(moments) > 2
    assert min(after - before for before, after in itertools.pairwise(moments)) >= COALESCED


def test_who_is_removed_is_not_called_any_more() -> None:
    async def scenario() -> None:
        timer = SharedTimer(clock)
        gone, there = Sleeper(1, 0), Sleeper(1, 0)
        there.due = [Monotonic(gone.due[0] + 5 * MILLISECOND)]
        for sleeper in (gone, there):
            timer.add(sleeper, sleeper.due[0])
        timer.remove(gone)
        timer.remove(gone)
        await until(lambda: there.is_done)
        assert not gone.calls

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT))


def test_who_is_added_later_and_due_earlier_is_called_first() -> None:
    async def scenario() -> None:
        timer = SharedTimer(clock)
        late, soon = Sleeper(1, 0), Sleeper(1, 0)
        late.due = [Monotonic(clock() + 3_600_000 * MILLISECOND)]
        timer.add(late, late.due[0])
        timer.add(soon, soon.due[0])
        await until(lambda: soon.is_done)
        timer.remove(late)

    asyncio.run(asyncio.wait_for(scenario(), HANG_TIMEOUT))
