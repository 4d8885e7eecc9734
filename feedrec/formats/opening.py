"""Which reader a file needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .reader import RecordingReader
from .recording import Recording

__all__ = ["open_recording"]


def open_recording(path: Path | str, *, wait: Callable[[], bool] | None = None) -> Recording:
    """
    Open a recording for reading, in whatever format it is.

    Args:
        path: The file, finished or with `.part` at its end. What it is, is told from its first bytes, not its name.
        wait: Follow a file that is still being written: called each time its end is reached, it returns whether to go
            on. Without it, reading ends with what the file holds at that moment.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is no regular file.
        RecordingError: If it cannot be opened.

    """
    return RecordingReader(path, wait=wait)
