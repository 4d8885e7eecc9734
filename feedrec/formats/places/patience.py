"""How long a store is waited for, and how often it is asked. Pure but for the waits."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Patience"]


class Patience(NamedTuple):
    """
    How long a store is waited for, and how often it is asked.

    Attributes:
        attempts: How often in all.
        first_wait: Seconds between the first two, doubled each time; at least half of them are waited.
        longest_wait: Seconds that are not exceeded.
        stall: Seconds without an answer, or without another byte of it, after which an attempt has failed.
        slowest: Bytes a second; what takes longer has failed too.

    """

    attempts: int = 6
    first_wait: float = 0.2
    longest_wait: float = 5.0
    stall: float = 30.0
    slowest: int = 64 << 10

    def tries(self) -> Iterator[bool]:
        """Yield whether this attempt is the last one, before each; and wait between them."""
        wait = self.first_wait
        for number in range(1, self.attempts + 1):
            if number > 1:
                time.sleep(wait * random.uniform(0.5, 1))  # noqa: S311  so that many machines do not come together
                wait = min(2 * wait, self.longest_wait)
            yield number == self.attempts

    def timeout(self, size: int) -> int:
        """Return the whole seconds that a request may take which carries this many bytes: a power of two."""
        seconds = self.stall + size / self.slowest
        return 1 << max(0, int(seconds) - 1).bit_length()
