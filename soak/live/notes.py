"""What a client notes of one session: from its subscription until it left, or was left."""

from __future__ import annotations

from array import array
from pathlib import Path

import msgspec

__all__ = ["BookNote", "Columns", "Key", "Session", "StateNote", "read_sessions"]

Key = tuple[str, str]
"""A channel, as its frames name it, and a product; that is empty where there is none."""


class StateNote(msgspec.Struct, frozen=True):
    """
    A snapshot came.

    Attributes:
        place: Its place among the frames of the session.
        key: What it is of.
        digest: The book after it, as `LevelBook.digest`; 0 of what is no book.

    """

    place: int
    key: Key
    digest: int


class BookNote(msgspec.Struct, frozen=True):
    """
    A book at the end of a session.

    Attributes:
        product: Its product.
        connection: On which connection of the recorder its last frame came.
        number: The number of that frame there.
        digest: The book after it.

    """

    product: str
    connection: str
    number: int
    digest: int


class Columns:
    """
    The frames of a session, in the order in which they came.

    Attributes:
        connections: The connections of the recorder, as frames name them.
        places: For each frame, the place of its connection among them.
        numbers: Its number on that connection.
        digests: Of its payload with the venue's own sequence number.

    """

    def __init__(self) -> None:
        self.connections: list[str] = []
        self.places, self.numbers, self.digests = array("H"), array("q"), array("Q")
        self._known: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many frames there are."""
        return len(self.numbers)

    def add(self, connection: str, number: int, digest: int) -> None:
        """Add the next frame."""
        place = self._known.get(connection)
        if place is None:
            place = self._known[connection] = len(self.connections)
            self.connections.append(connection)
        self.places.append(place)
        self.numbers.append(number)
        self.digests.append(digest)


class Session(msgspec.Struct):
    """
    What a client was given in one session.

    Attributes:
        client: Its name.
        opened, first, ended: When it had its connection, its first frame, and no connection any more, in nanoseconds of
            the steady clock; `first` is 0 if there was none.
        end: How it ended: a close code, `left`, or what the socket said.
        connections, places, numbers, digests: As in `Columns`.
        states: The snapshots.
        books: The books at the end.
        odd: What no client should be given, in words.

    """

    client: str
    opened: int
    first: int
    ended: int
    end: str
    connections: list[str]
    places: bytes
    numbers: bytes
    digests: bytes
    states: list[StateNote]
    books: list[BookNote]
    odd: list[str]

    @property
    def columns(self) -> Columns:
        """Its frames."""
        columns = Columns()
        columns.connections = self.connections
        for column, data in ((columns.places, self.places), (columns.numbers, self.numbers)):
            column.frombytes(data)
        columns.digests.frombytes(self.digests)
        return columns

    def write(self, path: Path) -> None:
        """Write it to a file that appears whole."""
        part = path.with_suffix(".part")
        part.write_bytes(msgspec.msgpack.encode(self))
        part.rename(path)


def read_sessions(folder: Path) -> list[Session]:
    """Read all that clients wrote to a folder, in the order in which they began."""
    decode = msgspec.msgpack.Decoder(Session).decode
    return sorted((decode(path.read_bytes()) for path in folder.glob("*.session")), key=lambda one: one.opened)
