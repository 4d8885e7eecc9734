"""Who has how many connections to the mock venue, and what they asked of it lately. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from ....admission.token_bucket import TokenBucket
from ....feeds.venue import Visitors

__all__ = ["RealVisitors"]

_MOST_BUCKETS = 10_000


class RealVisitors(Visitors):
    """
    Counts the visitors of one venue for the server halves of all its connections; see `Visitors`.

    Rates are in real time whatever the speed of a replay: a client that keeps to a limit does so by its own clock, and
    before it has subscribed no recorded time passes.

    Args:
        now: Returns the monotonic time in nanoseconds.

    """

    def __init__(self, now: Callable[[], int] = lambda: 0) -> None:
        self._now = now
        self._open: Counter[str | None] = Counter()
        self._buckets: dict[tuple[str, str, float, float], TokenBucket] = {}

    def come(self, who: str | None) -> int:
        self._open[who] += 1
        return self._open[who]

    def leave(self, who: str | None) -> None:
        self._open[who] -= 1
        if not self._open[who]:
            del self._open[who]

    def may(self, who: str, what: str, per_second: float, at_once: float = 0.0) -> bool:
        key = (who, what, per_second, at_once)
        now = self._now() / 1e9
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                del self._buckets[next(iter(self._buckets))]
            bucket = self._buckets[key] = TokenBucket(max(1.0, at_once or per_second), per_second, now)
        if bucket.wait(now):
            return False
        bucket.take(1, now)
        return True
