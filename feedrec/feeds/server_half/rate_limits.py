"""
How fast one address may connect to a venue, and send: limits that are off by default, in real time.

What a venue says to a client that is too fast is documented nowhere, so it is a setting.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from ..venue import Close, FeedServer, Handshake, Refusal, Remark, Reply, Send
from .in_front import ServerInFront

__all__ = ["ConnectionsAtOnce", "MessagesAtOnce", "MessagesCode", "MessagesError", "RateSettings", "limit_rates"]

ConnectionsAtOnce = Annotated[
    int, Meta(ge=0, description="new connections that may come in a burst; 0 for as many as in a second")
]
MessagesAtOnce = Annotated[
    int, Meta(ge=0, description="messages that may come in a burst; 0 for as many as in a second")
]
MessagesError = Annotated[str, Meta(description="text of the error for one message too many")]
MessagesCode = Annotated[int, Meta(description="close code after that error; 0 to leave the connection open")]


class RateSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a venue that has such limits adds to its settings; where it documents more, it overrides the default."""

    connections_per_second: Annotated[
        float, Meta(ge=0, description="new connections of one address in a second; 0 for no limit (documented: 8)")
    ] = 0.0
    connections_at_once: ConnectionsAtOnce = 0
    connections_status: Annotated[
        int, Meta(ge=400, le=599, description="HTTP status that refuses one connection too many")
    ] = 429
    messages_per_second: Annotated[
        float, Meta(ge=0, description="messages of one address in a second; 0 for no limit")
    ] = 0.0
    messages_at_once: MessagesAtOnce = 0
    messages_error: MessagesError = "rate limit exceeded"
    messages_code: MessagesCode = 0


def limit_rates(
    server: FeedServer, rates: RateSettings, error: Callable[[str], Send], counts: Callable[[bytes], bool]
) -> FeedServer:
    """
    Put the limits in front of a server half, if there are any.

    Args:
        server: The server half.
        rates: The limits.
        error: Returns the venue's error with some text.
        counts: Tells whether a message counts.

    """
    if not rates.connections_per_second and not rates.messages_per_second:
        return server
    return _RateLimitedServer(server, rates, error, counts)


class _RateLimitedServer(ServerInFront):
    def __init__(
        self, server: FeedServer, rates: RateSettings, error: Callable[[str], Send], counts: Callable[[bytes], bool]
    ) -> None:
        super().__init__(server)
        self._rates = rates
        self._error = error
        self._counts = counts
        self._handshake = Handshake("/", {})

    def on_handshake(self, handshake: Handshake) -> Refusal | None:
        rates, rate = self._rates, self._rates.connections_per_second
        if rate and not handshake.visitors.may(handshake.address, "connections", rate, rates.connections_at_once):
            return Refusal(rates.connections_status, f"more than {rate:g} new connections a second")
        return super().on_handshake(handshake)

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        self._handshake = handshake
        return super().on_open(handshake, time)

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        rates, rate, handshake = self._rates, self._rates.messages_per_second, self._handshake
        if not rate or not self._counts(message):
            return super().on_message(message, time)
        if handshake.visitors.may(handshake.address, "messages", rate, rates.messages_at_once):
            return super().on_message(message, time)
        close = [Close(rates.messages_code)] if rates.messages_code else []
        return [self._error(rates.messages_error), Remark(f"sends more than {rate:g} messages a second"), *close]
