"""The channels of Advanced Trade, and which of them each endpoint has."""

from __future__ import annotations

from ..base import Channel

__all__ = [
    "FUTURES_BALANCE",
    "HEARTBEATS",
    "HEARTBEATS_CHANNEL",
    "KNOWN",
    "MARKET_CHANNELS",
    "PRIVATE",
    "PRIVATE_CHANNELS",
    "STATUS",
    "TICKER",
    "TICKER_BATCH",
    "USER",
    "channel_name",
]

HEARTBEATS = "heartbeats"
TICKER = "ticker"
TICKER_BATCH = "ticker_batch"
USER = "user"
STATUS = "status"
FUTURES_BALANCE = "futures_balance_summary"

MARKET_CHANNELS = (
    Channel("level2", "order book: a snapshot, then updates about every 50 ms"),
    Channel(TICKER, "price and best bid and offer at every match"),
    Channel(TICKER_BATCH, "like ticker, every 5 seconds if changed"),
    Channel("market_trades", "trades of the last 250 ms"),
    Channel("candles", "five-minute candles, when they change"),
    Channel(STATUS, "products and currencies", products_optional=True),
)

HEARTBEATS_CHANNEL = Channel(HEARTBEATS, "a heartbeat every second, keeps other channels open", takes_products=False)

PRIVATE_CHANNELS = (
    Channel(USER, "own orders and positions", needs_credentials=True, products_optional=True),
    Channel(FUTURES_BALANCE, "own futures balances and margins", takes_products=False, needs_credentials=True),
)

KNOWN = frozenset(channel.name for channel in (*MARKET_CHANNELS, HEARTBEATS_CHANNEL, *PRIVATE_CHANNELS))
"""Channels of any endpoint."""

PRIVATE = frozenset(channel.name for channel in PRIVATE_CHANNELS)
"""Channels about an account; all others are public ("Advanced Trade WebSocket Channels")."""


def channel_name(name: str) -> str:
    """Return the subscription name of a channel by its name in frames; only that of level2 differs."""
    return "level2" if name == "l2_data" else name
