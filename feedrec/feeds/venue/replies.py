"""What a server half has sent, closed and told."""

from __future__ import annotations

import msgspec

__all__ = ["Close", "Message", "Pieces", "Remark", "Reply", "Send"]


class Pieces:
    """
    A message in pieces: to join 5 MB for the sake of a few bytes among them takes the event loop milliseconds.

    Attributes:
        pieces: What it consists of, in order.

    """

    def __init__(self, *pieces: bytes | memoryview) -> None:
        self.pieces = pieces
        self._size = sum(map(len, pieces))

    def __len__(self) -> int:
        """Return how many bytes it has."""
        return self._size

    def __bytes__(self) -> bytes:
        """Return it as a whole."""
        return b"".join(self.pieces)


Message = bytes | Pieces
"""A text message."""


class Send(msgspec.Struct, frozen=True):
    """Send a text message."""

    payload: Message


class Close(msgspec.Struct, frozen=True):
    """Close the connection, after what was sent before."""

    code: int
    reason: str = ""


class Remark(msgspec.Struct, frozen=True):
    """
    Tell the person who runs the replay about a client.

    Attributes:
        text: What it does; its number comes before it.
        is_fault: Whether what it asked for cannot be had, for which `--strict` ends with an error.

    """

    text: str
    is_fault: bool = True


Reply = Send | Close | Remark
