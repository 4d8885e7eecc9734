"""
One timer for all clients that wait for nothing but the time of their next frame.

A task that sleeps until a frame is due costs several times what it takes to send the frame: a timer, a future, a
task that is woken. So clients that have nothing else to do leave their frames to this timer. It wakes once for all
that is due, and calls them one after another.

1. Nobody is called before it is due. An event loop's timers are up to 1 ms late; for a few clients, the last `LEAD` is
   spent yielding, as in `wait_until_due`.
2. Above `CROWDED` frames a second over all of several clients, it wakes at most every `COALESCED`: a frame waits up to
   4 ms for others to be sent with. Its lateness says so.
3. Whoever has something else to do is told so once, and not called again.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from ...model import NANOSECONDS
from .schedule import LEAD, Clock, next_nap
from .time_types import Monotonic

__all__ = ["COALESCED", "CROWDED", "SharedTimer", "Sleeper"]

COALESCED = 4_000_000
"""Nanoseconds in which it wakes once if very many frames are due."""

CROWDED = 20_000
"""How many a second that are, over all clients."""

_FEW = 4  # clients for whom it yields
_MEASURED = 100_000_000  # nanoseconds over which frames are counted
_INSTANT = 20_000  # nanoseconds too short to sleep: a loop rounds them up to 1 ms


class Sleeper(Protocol):
    """Who waits for a time. It must be hashable by identity."""

    def on_due(self, now: Monotonic) -> tuple[int, Monotonic | None]:
        """
        Do what is due; raise nothing.

        Returns:
            How many frames were sent, and when to be called next; None if there is something else to do.

        """


class SharedTimer:
    """
    The timer.

    Args:
        clock: Returns the monotonic time.

    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[Sleeper, Monotonic] = {}
        self._wakes: Monotonic | None = None  # when it will wake; None for never
        self._handle: asyncio.Handle | None = None
        self._woke = Monotonic(0)
        self._counted_since = Monotonic(0)
        self._count = 0
        self._is_crowded = False

    def add(self, sleeper: Sleeper, due: Monotonic) -> None:
        """Call a sleeper from the event loop when it is due, and again when it says, until it says no more."""
        self._due[sleeper] = due
        if self._wakes is None or due < self._wakes:
            self._set()

    def remove(self, sleeper: Sleeper) -> None:
        """Do not call it any more."""
        self._due.pop(sleeper, None)

    def _set(self) -> None:
        """Have it wake for what is due next."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._wakes = due = min(self._due.values(), default=None)
        if due is None:
            return
        is_few = len(self._due) < _FEW
        if self._is_crowded and not is_few:
            due = Monotonic(max(due, self._woke + COALESCED))
        left = due - self._clock()
        lead = LEAD if is_few else _INSTANT
        loop = asyncio.get_running_loop()
        if left <= lead:
            self._handle = loop.call_soon(self._wake)
        else:
            self._handle = loop.call_later(next_nap(left - lead), self._wake)

    def _wake(self) -> None:
        now = self._clock()
        self._wakes = self._handle = None
        for sleeper, due in list(self._due.items()):
            if due <= now:
                self._woke = now
                sent, following = sleeper.on_due(now)
                self._count += sent
                if following is None:
                    self._due.pop(sleeper, None)
                else:
                    self._due[sleeper] = following
        if now - self._counted_since >= _MEASURED:
            self._is_crowded = self._count * NANOSECONDS > CROWDED * (now - self._counted_since)
            self._counted_since, self._count = now, 0
        self._set()
