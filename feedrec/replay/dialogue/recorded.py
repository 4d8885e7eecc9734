"""A connection of which both sides were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

__all__ = ["Ending", "Message", "RecordedConversation", "Step"]


class Message(NamedTuple):
    """A message, recorded or of a client."""

    payload: bytes
    binary: bool = False


class Step(msgspec.Struct, frozen=True):
    """
    A recorded frame.

    Attributes:
        time: Its steady time in nanoseconds.
        message: What it says.
        is_client: Whether the client said it.

    """

    time: int
    message: Message
    is_client: bool


class Ending(msgspec.Struct, frozen=True):
    """
    A recorded close.

    Attributes:
        time: Its steady time in nanoseconds.
        by: Who closed.
        code: The code; 1005 for a close without one, 1006 for a connection that was lost.
        reason: The reason.

    """

    time: int
    by: Literal["venue", "client"]
    code: int = 1000
    reason: str = ""


class RecordedConversation(msgspec.Struct, frozen=True):
    """
    A connection of which both sides were recorded.

    Attributes:
        name: What it is called, e.g. `connection 0 of talk.jsonl`.
        steps: Its frames.
        ending: How it was closed; None if nothing tells, or the recorder ended first.
        subprotocol: What was agreed on; empty for none.
        path: Where it was opened, such as `/ws`; empty if nothing tells.

    """

    name: str
    steps: Sequence[Step]
    ending: Ending | None = None
    subprotocol: str = ""
    path: str = ""

    @property
    def client_messages(self) -> list[Message]:
        """What the client said."""
        return [step.message for step in self.steps if step.is_client]
