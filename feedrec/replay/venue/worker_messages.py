"""What a replay and the process that rebuilds its states say to each other: msgpack, each message after its length."""

from __future__ import annotations

from typing import IO, Any

import msgspec

from ... import errors
from ...errors import RecordingError
from ...feeds.base import Feed
from ...feeds.venue import Key
from .position import Position

__all__ = ["Answer", "Failure", "Request", "Task", "identity", "read_exactly", "read_message", "write_message"]

_LENGTH = 8  # bytes


class Task(msgspec.Struct):
    """
    What a process is for: its first message.

    Attributes:
        endpoint: Name of the feed.
        identity: See `identity`.
        paths: The recordings, as the replay was given them.
        keeps: Whether it keeps what it rebuilt in the user's cache.

    """

    endpoint: str
    identity: str
    paths: list[str]
    keeps: bool = False


class Request(msgspec.Struct):
    """See `Rebuilder.snapshots`. None in place of a request withdraws the one before it."""

    wanted: list[Key]
    position: Position


class Failure(msgspec.Struct):
    """A `RecordingError`: its class, and the arguments of that."""

    kind: str
    arguments: dict[str, str | int | None]

    @classmethod
    def of(cls, error: RecordingError) -> Failure:
        """Return what `error` makes the same error of."""
        return cls(type(error).__name__, {**vars(error), "path": str(error.path)})

    def error(self) -> RecordingError:
        """Return the error."""
        made: RecordingError = getattr(errors, self.kind)(**self.arguments)
        return made


class Answer(msgspec.Struct):
    """The size of each snapshot, in the order of what was wanted, None if there is none; their bytes follow."""

    sizes: list[int | None] = []
    failure: Failure | None = None


def identity(feed: Feed) -> str:
    """Return what is the same in two processes only for the same feed: its name, and where its class is defined."""
    kind = type(feed)
    return f"{feed.name} of {kind.__module__}.{kind.__qualname__}"


def write_message(file: IO[bytes], message: object) -> None:
    """Write a message and flush."""
    data = msgspec.msgpack.encode(message)
    file.write(len(data).to_bytes(_LENGTH, "big") + data)
    file.flush()


def read_message(file: IO[bytes], kind: Any) -> Any:
    """
    Read a message of some type.

    Raises:
        EOFError: If there is none: the other process is gone.

    """
    return msgspec.msgpack.decode(read_exactly(file, int.from_bytes(read_exactly(file, _LENGTH), "big")), type=kind)


def read_exactly(file: IO[bytes], size: int) -> bytes:
    """Read so many bytes; raises as `read_message` does."""
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the other process is gone")
    return data
