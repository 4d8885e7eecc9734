"""What a venue allows of connections."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = ["ConnectionLimits", "limits_of"]


class ConnectionLimits(msgspec.Struct, frozen=True):
    """
    What a venue allows of the connections of one client; without more knowledge, anything.

    Attributes:
        connections: Most that may be open at once.
        subscriptions: Most subscriptions on one of them.
        products: Most products of a channel on one of them, by channel.
        exclusive: Channels that only one of them may have at a time, with all of their products.
        max_age: Seconds after which the venue closes each.
        words: What a person is told to whom all this is not enough.

    """

    connections: int | None = None
    subscriptions: int | None = None
    products: Mapping[str, int] = {}
    exclusive: frozenset[str] = frozenset()
    max_age: float | None = None
    words: str = ""


def limits_of(feed: object) -> ConnectionLimits:
    """Return the limits of a feed; a plug-in's own feed need not have any."""
    limits: ConnectionLimits = getattr(feed, "connection_limits", ConnectionLimits())
    return limits
