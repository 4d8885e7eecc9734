"""Limits that the venue sets, each with its source."""

__all__ = [
    "CONNECTIONS_AT_ONCE",
    "CONNECTIONS_PER_SECOND",
    "MESSAGES_AT_ONCE",
    "MESSAGES_PER_SECOND",
    "SUBSCRIBE_WITHIN",
]

SUBSCRIBE_WITHIN = 5.0
"""Seconds after which a client that did not subscribe is disconnected (Exchange WebSocket Overview)."""

CONNECTIONS_PER_SECOND = 8
"""Requests a second for each address (Exchange WebSocket Rate Limits, 2025)."""

CONNECTIONS_AT_ONCE = 20
"""How many of them may come in a burst (the same page)."""

MESSAGES_PER_SECOND = 10
"""Messages a second that may come in (the same page; an older one says 100 for each address)."""

MESSAGES_AT_ONCE = 1000
"""How many of them may come in a burst (the same page)."""
