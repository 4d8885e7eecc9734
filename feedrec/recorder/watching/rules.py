"""When something that lasts has begun, and when it is over; each is told once. Pure: times are in seconds."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["Change", "DiskRule", "StaleRule"]


class Change(msgspec.Struct, frozen=True):
    """
    What has begun, or is over.

    Attributes:
        text: It, in one line.
        details: See `Incident`.

    """

    text: str
    details: dict[str, Any] = {}


class StaleRule:
    """
    Says when something has been amiss for too long, and when it no longer is.

    Args:
        what: What is said of it when it begins.
        over: What is said of it at its end.

    Attributes:
        is_stale: Whether it is amiss for too long.

    """

    def __init__(self, what: str = "nothing has arrived", over: str = "data arrives again") -> None:
        self.is_stale = False
        self._what, self._over = what, over
        self._longest = 0.0

    def judge(self, silent: float, limit: float) -> Change | None:
        """
        Judge how it is.

        Args:
            silent: Seconds for which it has been amiss.
            limit: Seconds that are too long.

        """
        if silent >= limit:
            self._longest = silent
            if self.is_stale:
                return None
            self.is_stale = True
            return Change(f"{self._what} for {silent:.0f} s", {"seconds": round(silent, 3), "over": False})
        if not self.is_stale:
            return None
        self.is_stale = False
        seconds = round(self._longest, 3)
        return Change(f"{self._over}, after {seconds:.0f} s or more", {"seconds": seconds, "over": True})

    def forget(self) -> None:
        """Begin again: nothing is amiss, but nothing has got better either."""
        self.is_stale = False


class DiskRule:
    """Says when the disk takes nothing, and when it does again."""

    def __init__(self) -> None:
        self._since: float | None = None

    def judge(self, now: float, refusal: str | None, backlog: int) -> Change | None:
        """
        Judge the disk.

        Args:
            now: The present time.
            refusal: Why it takes nothing; None if it does.
            backlog: Bytes that wait in memory.

        """
        if refusal is not None and self._since is None:
            self._since = now
            details = {"reason": refusal, "backlog": backlog, "over": False}
            return Change(f"the disk takes nothing: {refusal}", details)
        if refusal is None and self._since is not None:
            seconds, self._since = round(now - self._since, 3), None
            return Change(f"the disk takes data again, after {seconds:.0f} s", {"seconds": seconds, "over": True})
        return None
