"""
Every error that feedrec raises on purpose.

    FeedrecError
    |-- UsageError                      the request is invalid (exit code 2)
    |-- RecordingError                  a recording on disk cannot be read or written
    |   |-- NotARecordingError          missing, empty, or not written by feedrec
    |   |-- RecordingExistsError        the target already exists
    |   |-- WriteError                  the operating system refused to write
    |   |-- PlaceError                  a store of objects cannot be used
    |   |   |-- PlaceAwayError          it cannot be used just now
    |   |   |-- ObjectMissingError      there is no such object
    |   |   |-- ObjectExistsError       another object has the name
    |   |   `-- ObjectChangedError      it was replaced while it was read
    |   |-- NotShippedError             a recording is not shipped yet
    |   |   |-- ShipConflictError       another object has its name there
    |   |   `-- CannotShipError         and never will be, as it is
    |   `-- DamagedRecordingError       with offset and last good time
    |       |-- TruncatedRecordingError the file ends too early
    |       `-- CorruptRecordingError   the bytes are not those that were written
    |-- LineError                       a line of a recording cannot be parsed
    |-- ConnectError                    the endpoint cannot be reached
    |-- VenueError                      the venue refused, and retrying cannot help
    |-- ServeError                      the replay server cannot listen
    |-- ReplayFailedError               the replay to a client ended too early
    |   `-- DialogueFailedError         the client did not say what was recorded
    |-- WaitTimeoutError                what was waited for did not happen in time
    `-- NetworkBlockedError             a test connects where it must not

Each message is one line that says what was wrong and what to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = [
    "CannotShipError",
    "ConnectError",
    "CorruptRecordingError",
    "DamagedRecordingError",
    "DialogueFailedError",
    "FeedrecError",
    "HandshakeAnswer",
    "LineError",
    "NetworkBlockedError",
    "NotARecordingError",
    "NotShippedError",
    "ObjectChangedError",
    "ObjectExistsError",
    "ObjectMissingError",
    "PlaceAwayError",
    "PlaceError",
    "RecordingError",
    "RecordingExistsError",
    "ReplayFailedError",
    "ServeError",
    "ShipConflictError",
    "TruncatedRecordingError",
    "UsageError",
    "VenueError",
    "WaitTimeoutError",
    "WriteError",
]


class FeedrecError(Exception):
    """Base class of all errors; `exit_code` is the exit code of the command line."""

    exit_code = 1


class UsageError(FeedrecError):
    """
    The request is invalid: an unknown name, or options that cannot be combined.

    Attributes:
        options: The options that it is about, by their long names, if that was said; the likeliest first.

    """

    exit_code = 2
    options: tuple[str, ...] = ()


class RecordingError(FeedrecError):
    """A recording on disk cannot be read or written."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path if isinstance(path, Path) else Path(path)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class NotARecordingError(RecordingError):
    """The file is missing, empty, or not a recording."""


class RecordingExistsError(RecordingError):
    """The target of a new recording already exists, or another process is writing it."""


class WriteError(RecordingError):
    """The operating system refused to write: no permission, no space, no such folder."""


class PlaceError(RecordingError):
    """A store of objects cannot be used: not reached, access denied, or it cannot do what is asked."""


class PlaceAwayError(PlaceError):
    """A store of objects is not reached, or is too busy: what failed may succeed later, as it is."""


class ObjectMissingError(PlaceError):
    """There is no such object."""


class ObjectExistsError(PlaceError):
    """There is an object of this name already, which stays as it is."""


class ObjectChangedError(PlaceError):
    """The object was replaced while it was read."""


class NotShippedError(RecordingError):
    """A recording is not shipped now; the same may succeed later, unless it is one of the errors below."""


class ShipConflictError(NotShippedError):
    """There is another object of its name already, which stays as it is, and so does the recording here."""


class CannotShipError(NotShippedError):
    """It can never be shipped as it is: its name or its size are none for objects, or the store is not safe."""


class DamagedRecordingError(RecordingError):
    """
    A recording can be read only up to a certain byte.

    Args:
        path: The recording.
        reason: What is wrong at that byte.
        offset: Byte offset of the damage in the file.
        last_time: Recorded time of the last good line before the damage, as text; None if there is no such line.

    """

    def __init__(self, path: Path | str, reason: str, offset: int, last_time: str | None) -> None:
        super().__init__(path, reason)
        self.offset = offset
        self.last_time = last_time

    def __str__(self) -> str:
        known_good = f"good until {self.last_time}" if self.last_time else "nothing readable before it"
        return f"{self.path}: {self.reason} at byte {self.offset} ({known_good})"


class TruncatedRecordingError(DamagedRecordingError):
    """The file ends too early; everything before the cut was read."""


class CorruptRecordingError(DamagedRecordingError):
    """The bytes are not those that were written."""


class LineError(FeedrecError):
    """A line of a recording cannot be parsed."""


class HandshakeAnswer(NamedTuple):
    """
    What a server answered instead of opening a WebSocket.

    Attributes:
        status: The status code.
        reason: The phrase after it.
        headers: Names and values, in order.
        body: The body, as far as it was read.

    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


class ConnectError(FeedrecError):
    """
    The endpoint cannot be reached, or refused the WebSocket handshake.

    Args:
        text: What happened.
        retry_after: Seconds for which the server asked not to be tried again.
        answer: What it answered, if it refused the handshake.
        reason: Why, without the address; by default the text.

    """

    def __init__(
        self, text: str, retry_after: float = 0.0, answer: HandshakeAnswer | None = None, reason: str = ""
    ) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.answer = answer
        self.reason = reason or text


class VenueError(FeedrecError):
    """The venue refused, and retrying cannot help."""


class ServeError(FeedrecError):
    """The replay server cannot listen on the given address."""


class ReplayFailedError(FeedrecError):
    """The replay to a client ended too early: a recording is damaged, or there is a bug."""


class DialogueFailedError(ReplayFailedError):
    """A client did not say what it said when that was recorded; the lines after the first show the difference."""


class WaitTimeoutError(FeedrecError, TimeoutError):
    """What was waited for did not happen in time; the text says what was seen instead."""


class NetworkBlockedError(FeedrecError):
    """
    A test connects to another machine, which `--feed-block-network` does not allow.

    No OSError, so that no client takes it for a network that is down and tries again.

    Args:
        place: Where it connects to: host and port.

    """

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place} was not connected to: --feed-block-network allows this machine only, such as feed.url"
