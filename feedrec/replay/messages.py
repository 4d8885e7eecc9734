"""What is said between a replay and its clients, for whoever observes it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["Kind", "ReceivedMessage", "SentMessage"]

Kind = Literal["recorded", "made"]
"""Whether a message is a recorded frame, or was made for the client."""


class _Message(msgspec.Struct, frozen=True):
    """
    A message of a client or to one.

    Attributes:
        client: The number of the client, from 1 in order of connection.
        payload: The bytes of the message.
        binary: Whether it is a binary message; otherwise it is text.
        time: Recorded time at which the replay was, in nanoseconds since 1970; None before there is any.

    """

    client: int
    payload: bytes
    binary: bool = False
    time: int | None = None

    @property
    def text(self) -> str:
        """The payload as text; bytes that are not UTF-8 are replaced."""
        return self.payload.decode(errors="replace")

    def json(self) -> Any:
        """
        Return the payload parsed as JSON.

        Raises:
            ValueError: If it is not JSON.

        """
        return msgspec.json.decode(self.payload)


class SentMessage(_Message, frozen=True):
    """
    A message to a client, which may still be on its way; see the attributes of all messages.

    Attributes:
        kind: `recorded` for a recorded frame, if renumbered for this client; `made` for an answer, a snapshot or a
            heartbeat that the replay made. `time` is that of the recorded frame.

    """

    kind: Kind = "recorded"


class ReceivedMessage(_Message, frozen=True):
    """A message of a client; see the attributes of all messages."""
