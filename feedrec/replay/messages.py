"""What is said between a replay and its clients, for whoever observes it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..http_messages import Headers, HttpAnswer, HttpRequest

__all__ = ["Kind", "ReceivedMessage", "ReceivedRequest", "SentMessage"]

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

    @property
    def kind(self) -> Literal["message"]:
        """What tells it from a `ReceivedRequest`."""
        return "message"


class ReceivedRequest(msgspec.Struct, frozen=True):
    """
    An HTTP request, and how it was answered. It has what a message has too: its payload is its body.

    Attributes:
        request: The request, with its headers.
        answer: The answer to it.
        time: Recorded time at which the replay was, in nanoseconds since 1970; None before there is any.

    """

    request: HttpRequest
    answer: HttpAnswer
    time: int | None = None

    @property
    def kind(self) -> Literal["request"]:
        """What tells it from a `ReceivedMessage`."""
        return "request"

    @property
    def client(self) -> None:
        """None: nothing tells which client sent it."""

    @property
    def method(self) -> str:
        """Its method, such as `GET`."""
        return self.request.method

    @property
    def path(self) -> str:
        """Its path, as it was sent, without the query."""
        return self.request.path

    @property
    def query(self) -> dict[str, str]:
        """Its parameters, decoded; of several with one name, the last."""
        return dict(self.request.query)

    @property
    def headers(self) -> Headers:
        """Its headers: names in lower case, and values."""
        return self.request.headers

    @property
    def address(self) -> str:
        """Where it came from, such as `127.0.0.1:40112`."""
        return self.request.address

    @property
    def status(self) -> int:
        """The status of its answer, such as 200."""
        return self.answer.status

    @property
    def payload(self) -> bytes:
        """Its body."""
        return self.request.body

    @property
    def binary(self) -> bool:
        """Whether its body is no text."""
        try:
            self.payload.decode()
        except UnicodeDecodeError:
            return True
        return False

    @property
    def text(self) -> str:
        """Its body as text; bytes that are not UTF-8 are replaced."""
        return self.payload.decode(errors="replace")

    def json(self) -> Any:
        """
        Return its body parsed as JSON.

        Raises:
            ValueError: If it is not JSON, or there is none.

        """
        return msgspec.json.decode(self.payload)

    def __str__(self) -> str:
        """Say what was asked, and how it was answered."""
        return f"{self.method} {self.request.target}: {self.status}"
