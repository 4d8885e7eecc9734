"""How the disk under a recording stands, as far as the recording knows."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["DiskStanding"]


class DiskStanding(NamedTuple):
    """
    How the disk stands.

    Attributes:
        refusal: Why it takes nothing at the moment; None if it does.
        free: Bytes that its file system has free for us, as of half a second ago; None if that is unknown.
        waiting_seconds: Seconds that the oldest line waits, at most, that the operating system does not have; a tenth
            if none does.
        files: Files that are finished, or were left as they were.

    """

    refusal: str | None = None
    free: int | None = None
    waiting_seconds: float = 0.0
    files: int = 0
