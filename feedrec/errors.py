"""
Every error that feedrec raises on purpose.

    FeedrecError
    |-- UsageError                      the request makes no sense (exit code 2)
    |-- RecordingError                  something is wrong with a recording on disk
    |   |-- NotARecordingError          missing, empty, or written by something else
    |   |-- RecordingExistsError        the target is there already
    |   |-- WriteError                  the disk refused
    |   `-- DamagedRecordingError       offset and last good time are known
    |       |-- TruncatedRecordingError the file ends too early
    |       `-- CorruptRecordingError   the bytes are not those that were written
    |-- LineError                       one line of a recording that cannot be read
    |-- ConnectError                    the endpoint cannot be reached
    |-- VenueError                      the venue refused, and no retry would mend it
    `-- ServeError                      the replay server cannot listen

The text of each is one line that says what was wrong and what to do.
"""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "ConnectError",
    "CorruptRecordingError",
    "DamagedRecordingError",
    "FeedrecError",
    "LineError",
    "NotARecordingError",
    "RecordingError",
    "RecordingExistsError",
    "ServeError",
    "TruncatedRecordingError",
    "UsageError",
    "VenueError",
    "WriteError",
]


class FeedrecError(Exception):
    """Root of the tree; `exit_code` is what the command line exits with."""

    exit_code = 1


class UsageError(FeedrecError):
    """The request makes no sense: an unknown name, or values that exclude each other."""

    exit_code = 2


class RecordingError(FeedrecError):
    """Something is wrong with a recording on disk."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = Path(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class NotARecordingError(RecordingError):
    """The file is missing, is empty, or was written by something else."""


class RecordingExistsError(RecordingError):
    """The target of a new recording is there already, or is being written by someone else."""


class WriteError(RecordingError):
    """The disk refused: no permission, no space, no such folder."""


class DamagedRecordingError(RecordingError):
    """
    A recording can be read only up to some byte.

    Args:
        path: The recording.
        reason: What is wrong there.
        offset: Byte offset in the file at which the damage was met.
        last_time: Recorded time of the last good line before it, as text; None when there is none.

    """

    def __init__(self, path: Path | str, reason: str, offset: int, last_time: str | None) -> None:
        super().__init__(path, reason)
        self.offset = offset
        self.last_time = last_time

    def __str__(self) -> str:
        known_good = f"good until {self.last_time}" if self.last_time else "no frame before it"
        return f"{self.path}: {self.reason} at byte {self.offset} ({known_good})"


class TruncatedRecordingError(DamagedRecordingError):
    """The file ends before its content does; everything before the cut was given back."""


class CorruptRecordingError(DamagedRecordingError):
    """The bytes are not those that were written."""


class LineError(FeedrecError):
    """One line that is no line of a recording."""


class ConnectError(FeedrecError):
    """The endpoint cannot be reached, or refuses the WebSocket handshake."""


class VenueError(FeedrecError):
    """The venue refused, and no retry would mend it."""


class ServeError(FeedrecError):
    """The replay server cannot listen on its address."""
