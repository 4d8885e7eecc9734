"""Limits that the venue sets, each with its source."""

__all__ = ["CONNECTIONS_PER_SECOND", "MAX_LEVEL2_PRODUCTS", "MESSAGES_PER_SECOND", "ONE_CONNECTION", "SUBSCRIBE_WITHIN"]

MAX_LEVEL2_PRODUCTS = 30
"""Products of level2 on one connection; the 31st was refused (probes of 2026-09-06)."""

ONE_CONNECTION = frozenset(["user"])
"""Channels of which a user has one connection ("Advanced Trade WebSocket Channels")."""

CONNECTIONS_PER_SECOND = 8
"""Connections that one address may open in a second (docs.cdp.coinbase.com, WebSocket rate limits)."""

MESSAGES_PER_SECOND = 8
"""Messages without credentials that one address may send in a second (the same page)."""

SUBSCRIBE_WITHIN = 5.0
"""Seconds after which a client that did not subscribe is disconnected (Advanced Trade WebSocket Overview)."""
