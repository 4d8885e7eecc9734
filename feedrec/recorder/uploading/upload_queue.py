"""What is uploaded next, and when it is tried again where the store does not take it. Pure: times are passed in."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from .messages import Job

__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "UploadQueue"]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between a failure and the next attempt: the first one, doubled each time, up to the other one."""


class UploadQueue:
    """
    Jobs that wait, and those that were begun.

    One that fails goes to the end: what is wrong may be wrong with it alone. From the first failure until the store has
    answered again, one job is tried at a time, after longer and longer pauses.

    Args:
        at_once: How many are begun at the same time.

    Attributes:
        failing_since: Since when nothing has succeeded, in seconds of the clock that is passed in; None if nothing is
            wrong.

    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: deque[Job] = deque()
        self._begun: dict[Job, None] = {}
        self._pause, self._not_before = 0.0, -math.inf
        self.failing_since: float | None = None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._begun)

    @property
    def begun(self) -> list[Job]:
        """The jobs that were begun and have no answer, in their order."""
        return list(self._begun)

    def add(self, job: Job) -> None:
        """Add a job, after all others."""
        self._waiting.append(job)

    def withdraw(self, jobs: Iterable[Job]) -> None:
        """Forget jobs; of those that were begun nobody wants the answer."""
        gone = set(jobs)
        for job in gone:
            self._begun.pop(job, None)
        self._waiting = deque(job for job in self._waiting if job not in gone)

    def begin(self, now: float) -> Job | None:
        """Return the job that is to be begun now, and take it for begun; None if none is."""
        if self.wait(now) != 0:
            return None
        job = self._waiting.popleft()
        self._begun[job] = None
        return job

    def wait(self, now: float) -> float | None:
        """Return the seconds until a job is to be begun; None if that depends on answers, or on another job."""
        most = self._at_once if self.failing_since is None else 1
        if not self._waiting or len(self._begun) >= most:
            return None
        return max(self._not_before - now, 0.0)

    def settle(self, job: Job) -> bool:
        """Take an answer of the store; return whether that ends a failure."""
        self._begun.pop(job, None)
        was_failing, self.failing_since = self.failing_since is not None, None
        self._pause, self._not_before = 0.0, -math.inf
        return was_failing

    def fail(self, jobs: Iterable[Job], now: float) -> bool:
        """Put jobs back that could not be done; return whether a failure begins with that."""
        for job in jobs:
            if job in self._begun:
                del self._begun[job]
                self._waiting.append(job)
        begins = self.failing_since is None
        if begins:
            self.failing_since = now
        if now >= self._not_before:  # else it was begun before the pause
            self._pause = min(2 * self._pause or FIRST_PAUSE, LONGEST_PAUSE)
            self._not_before = now + self._pause
        return begins
