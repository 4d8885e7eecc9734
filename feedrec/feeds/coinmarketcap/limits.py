"""Limits and intervals that the venue sets ("WebSocket (Beta) Overview" of CoinMarketCap's API documentation, 2026)."""

__all__ = [
    "CONNECTIONS",
    "CREDITS_PER_MESSAGE",
    "CREDITS_PER_SUBSCRIPTION",
    "LONGEST_PING_INTERVAL",
    "PING_INTERVAL",
    "SHORTEST_PUSH_INTERVAL",
    "SUBSCRIPTIONS_PER_CONNECTION",
]

CONNECTIONS = 10
"""Connections that a plan may have open at the same time."""

SUBSCRIPTIONS_PER_CONNECTION = 100
"""Subscriptions that a connection carries; one with many ids or addresses counts once (`sub_count` of the example)."""

CREDITS_PER_SUBSCRIPTION = 0.1
"""Price of a subscription as the overview says."""

CREDITS_PER_MESSAGE = 0.025
"""Price of a message as a newer page says (read by two independent clients in 2026)."""

PING_INTERVAL = 10.0
"""Seconds between pings where the welcome message names no other: "typically 10s"."""

LONGEST_PING_INTERVAL = 300.0
"""Longest interval that is believed, in seconds (as in StockSharp's connector)."""

SHORTEST_PUSH_INTERVAL = 5
"""Seconds between two prices of a cryptocurrency among the 500 largest; 15 for all others."""
