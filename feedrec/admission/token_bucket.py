"""So much at once, and so much a second after that. Pure."""

from __future__ import annotations

__all__ = ["TokenBucket"]


class TokenBucket:
    """
    A bucket of tokens that refills with time.

    What is to be paid is often known only afterwards, so one may take more than there is: the rest is a debt, which
    time pays off first.

    Args:
        size: Tokens in it at first, and at most.
        rate: Tokens a second.
        now: The time in seconds.

    """

    def __init__(self, size: float, rate: float, now: float) -> None:
        self._size = size
        self._rate = rate
        self._tokens = size
        self._as_of = now

    def take(self, tokens: float, now: float) -> None:
        """Take tokens, whether they are there or not."""
        self._refill(now)
        self._tokens -= tokens

    def wait(self, now: float) -> float:
        """Return the seconds until there is a whole token; 0 if there is one."""
        self._refill(now)
        return max(0.0, (1.0 - self._tokens) / self._rate)

    def _refill(self, now: float) -> None:
        self._tokens = min(self._size, self._tokens + (now - self._as_of) * self._rate)
        self._as_of = now
