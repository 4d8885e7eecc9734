"""What a test sees of a replay: its clients, what was said between them and the replay, and requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from ..replay import FaultHit, Outcome, ReceivedMessage, ReceivedRequest, SentMessage

__all__ = ["FaultHit", "Received", "ReceivedMessage", "ReceivedRequest", "ReplayClient", "SentMessage", "count_of"]

Received = ReceivedMessage | ReceivedRequest
"""What clients said: messages, and HTTP requests."""


class ReplayClient(msgspec.Struct, frozen=True, kw_only=True):
    """
    A client of a replay, as it was when it was asked for.

    Attributes:
        number: Its number, from 1 in order of connection.
        address: Where it came from, such as `127.0.0.1:40112`.
        endpoint: Name of the endpoint that it connected to.
        is_connected: Whether its connection is open.
        outcome: Why it ended; None while it is connected, or if its replay failed.
        subscribed: What it has subscribed, products by channel; `""` stands for all products.
        sent: Messages that it was sent.
        received: Messages that it has sent itself.

    """

    number: int
    address: str
    endpoint: str
    is_connected: bool = True
    outcome: Outcome | None = None
    subscribed: Mapping[str, tuple[str, ...]] = {}
    sent: int = 0
    received: int = 0

    def has_subscribed(self, channel: str, products: Sequence[str] = ()) -> bool:
        """Return whether it has subscribed all of these products, or without any the channel."""
        known = self.subscribed.get(channel)
        return known is not None and ("" in known or set(known).issuperset(products))

    def __str__(self) -> str:
        state = "connected" if self.is_connected else self.outcome or "failed"
        asked = ", ".join(
            f"{channel}:{','.join(products)}" if any(products) else channel
            for channel, products in self.subscribed.items()
        )
        said = f"said {count_of(self.received)}, was sent {count_of(self.sent)}"
        return f"client {self.number} ({self.address}): {state}, subscribed {asked or 'nothing'}, {said}"


def count_of(number: int) -> str:
    """Return a number of messages in words."""
    return "1 message" if number == 1 else f"{number:,} messages"
