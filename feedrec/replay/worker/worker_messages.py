"""What a replay and a process beside it say to each other: msgpack, each message after its length."""

from __future__ import annotations

from typing import IO, Any

import msgspec

from ... import errors
from ...errors import RecordingError
from ...feeds.base import Feed
from ...formats.places.url_path import as_text, place_of

__all__ = ["Failure", "identity", "read_exactly", "read_message", "write_message"]

_LENGTH = 8  # bytes


class Failure(msgspec.Struct):
    """A `RecordingError`: its class, and the arguments of that."""

    kind: str
    arguments: dict[str, str | int | None]

    @classmethod
    def of(cls, error: RecordingError) -> Failure:
        """Return what `error` makes the same error of."""
        return cls(type(error).__name__, {**vars(error), "path": as_text(error.path)})

    def error(self) -> RecordingError:
        """Return the error."""
        made: RecordingError = getattr(errors, self.kind)(
            **{**self.arguments, "path": place_of(str(self.arguments["path"]))}
        )
        return made


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
