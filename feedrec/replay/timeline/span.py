"""From when to when a replay is played."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["Span"]


class Span:
    """
    From when to when a replay is played, in recorded wall time.

    The end is looked for once somebody asks for it, in a thread, since a file may have to be read for that.

    Args:
        start: When it begins, in nanoseconds.
        find_end: Returns when it ends; None if that is not known, or nobody can say.

    Attributes:
        start: See above.

    """

    def __init__(self, start: int, find_end: Callable[[], int | None] | None = None) -> None:
        self.start = start
        self._find_end = find_end
        self._looks: threading.Thread | None = None
        self._end: int | None = None

    @property
    def end(self) -> int | None:
        """When it ends, in nanoseconds; None if that is not known, or not yet."""
        if self._looks is None and self._find_end is not None:
            self._looks = threading.Thread(target=self._look, args=(self._find_end,), daemon=True)
            self._looks.start()
        return self._end

    def wait(self) -> int | None:
        """Return the end, and wait until it is found; not for the event loop."""
        end = self.end
        if self._looks is None:
            return end
        self._looks.join()
        return self._end

    def _look(self, find_end: Callable[[], int | None]) -> None:
        self._end = find_end()
