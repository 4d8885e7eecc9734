"""Limits that the venue sets, each with its source."""

__all__ = ["CONNECTIONS_PER_SECOND", "MESSAGES_PER_SECOND", "SUBSCRIBE_WITHIN"]

SUBSCRIBE_WITHIN = 5.0
"""Seconds after which a client that did not subscribe is disconnected (Exchange WebSocket Overview)."""

CONNECTIONS_PER_SECOND = 8
"""Requests a second for each address, with bursts of 20 (Exchange WebSocket Rate Limits, 2025)."""

MESSAGES_PER_SECOND = 10
"""Messages a second that may come in, with bursts of 1,000 (Exchange WebSocket Rate Limits, 2025)."""
