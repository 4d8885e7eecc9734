"""What a replay server tells of its clients, to whoever wants to know."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..http_messages import HttpAnswer, HttpRequest
from .dialogue.failure import DialogueFailure
from .faults.fault_log import FaultHit
from .messages import SentMessage
from .results import ClientResult

__all__ = ["Observer"]


class Observer:
    """
    Hears what happens between a replay server and its clients; this one does nothing with it.

    Its methods are called in the server's event loop, where it happens: they must be quick, and must not raise. Times
    are recorded times in nanoseconds. What clients and recordings say is not to be trusted on a terminal.
    """

    def on_connected(self, client: int, address: str, endpoint: str) -> None:
        """
        Take a client that has connected.

        Args:
            client: Its number, from 1.
            address: Where it came from, such as `127.0.0.1:40112`.
            endpoint: The name of the endpoint that it connected to.

        """

    def on_received(self, client: int, message: str | bytes, time: int) -> None:
        """Take a message of a client, before it is answered; `time` is where its replay is."""

    def on_subscribed(self, client: int, channels: Mapping[str, Collection[str]]) -> None:
        """Take what a client has subscribed by now: products by channel, `""` for all of them."""

    def on_sent(self, messages: Sequence[SentMessage]) -> None:
        """Take messages to a client, at least one, right before they are handed to the transport."""

    def on_request(self, request: HttpRequest, answer: HttpAnswer, time: int | None) -> None:
        """
        Take an HTTP request of whoever is at its address, and the answer, which is about to be sent.

        Args:
            request: The request.
            answer: The answer.
            time: Where the replay is that it was answered from; None if it has not begun.

        """

    def on_request_failed(self, failure: DialogueFailure) -> None:
        """Take what is wrong with a request that is none of those of a dialogue, once it was told of."""

    def on_fault(self, hit: FaultHit) -> None:
        """Take what a fault has hit, among the first of them."""

    def on_failed(self, client: int, error: Exception) -> None:
        """Take what ended the replay to a client too early: a `RecordingError`, or any error that is a bug."""

    def on_ended(self, client: int, result: ClientResult | None) -> None:
        """Take the end of a client, whose connection is closed; there is no result after a bug."""
