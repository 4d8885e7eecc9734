"""Log lines that a client can cause: so many at once, so many a second, and how many were left out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from .token_bucket import TokenBucket

__all__ = ["Log", "LogLimit", "shortened"]

_LONGEST = 300  # characters of a line


class Log(Protocol):
    """What takes log lines: a logger, or another limit."""

    def isEnabledFor(self, level: int, /) -> bool:  # noqa: N802  as a logger has it
        """Return whether lines of a level are logged at all."""

    def log(self, level: int, msg: str, /, *args: object) -> None:
        """Log a line."""


class LogLimit:
    """
    Logs, but not without bound. A limit on another one holds for some of its lines.

    Args:
        log: Takes the lines.
        what: What the lines are about, for the line that says how many were left out.
        at_once: Lines that are logged at once.
        per_second: Lines a second after that.
        clock: Returns the monotonic time in seconds.

    """

    def __init__(
        self,
        log: Log,
        what: str,
        *,
        at_once: int,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._what = what
        self._clock = clock
        self._bucket = TokenBucket(at_once, per_second, clock())
        self._left_out = 0
        self._level = logging.NOTSET  # the highest of what was left out

    def isEnabledFor(self, level: int, /) -> bool:  # noqa: N802  see `Log`
        return self._log.isEnabledFor(level)

    def log(self, level: int, msg: str, /, *args: object) -> None:
        """Log a line, or leave it out."""
        if not self._log.isEnabledFor(level):
            return
        now = self._clock()
        if self._bucket.wait(now):
            self._left_out += 1
            self._level = max(self._level, level)
            return
        self._bucket.take(1, now)
        self.tell_left_out()
        self._log.log(level, msg, *args)

    def tell_left_out(self) -> None:
        """Say how many lines were left out since this was said last, if any."""
        if self._left_out:
            lines = "1 more line" if self._left_out == 1 else f"{self._left_out:,} more lines"
            self._log.log(self._level, "%s: %s left out", self._what, lines)
            self._left_out, self._level = 0, logging.NOTSET


def shortened(text: str) -> str:
    """Return a text in which a client may be quoted as one line of a bounded length, without control characters."""
    start = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in start)
