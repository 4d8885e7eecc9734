"""What was recorded of a dialogue: connections of which both sides are known, and requests with their answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from ...http_messages import HttpAnswer

__all__ = ["Asked", "Ending", "Message", "RecordedConversation", "RecordedDialogue", "RecordedExchange", "Step"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # methods that change nothing (RFC 9110, 9.2.1)


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


class Asked(msgspec.Struct, frozen=True):
    """
    A place among the frames of a connection at which a request was sent that may be the cause of what follows.

    Attributes:
        time: Its steady time in nanoseconds.
        number: The number of the exchange, among all.
        is_within: Whether the connection was open by then.

    """

    time: int
    number: int
    is_within: bool = True


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
        steps: Its frames, and the requests that they wait for.
        ending: How it was closed; None if nothing tells, or the recorder ended first.
        subprotocol: What was agreed on; empty for none.
        path: Where it was opened, such as `/ws`; empty if nothing tells.

    """

    name: str
    steps: Sequence[Step | Asked]
    ending: Ending | None = None
    subprotocol: str = ""
    path: str = ""

    @property
    def client_messages(self) -> list[Message]:
        """What the client said."""
        return [step.message for step in self.steps if isinstance(step, Step) and step.is_client]


class RecordedExchange(msgspec.Struct, frozen=True):
    """
    A request and its answer.

    Attributes:
        name: What it is called, e.g. `request 2 of talk.jsonl`.
        run: The number of the recording.
        started: The steady time in nanoseconds at which it was sent.
        time: That at which the answer had come.
        method: Its method.
        target: Path and query.
        answer: The answer.
        sent_type: The content type of what it sent.
        sent: What it sent.

    """

    name: str
    run: int
    started: int
    time: int
    method: str
    target: str
    answer: HttpAnswer
    sent_type: str = ""
    sent: bytes = b""

    @property
    def is_safe(self) -> bool:
        """Whether it only reads: nothing that the server does later is because of it."""
        return self.method in _SAFE


class RecordedDialogue(NamedTuple):
    """
    All that was recorded of a dialogue.

    Attributes:
        conversations: The connections, in the order in which clients play them.
        exchanges: The requests, in the order in which they were sent; those of one recording before the next.

    """

    conversations: Sequence[RecordedConversation] = ()
    exchanges: Sequence[RecordedExchange] = ()
