"""
The channels of Coinbase Exchange, and their names.

Some channels send the same frames: level2 and level2_batch, ticker and ticker_batch, full and matches. So the frames of
the first two pairs are described by the first name, those of the third as matches where both have them, and `SOURCES`
says which channels of a recording can serve a client.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..base import Channel, Subscription
from ..products import upper_case_product

__all__ = [
    "ACK_NAMES",
    "BALANCE",
    "CHANNELS",
    "HEARTBEAT",
    "OPTIONAL_PRODUCTS",
    "SOURCES",
    "TAKERS",
    "channel_name",
    "described_name",
    "product_name",
    "products_with_heartbeats",
]

HEARTBEAT = "heartbeat"
BALANCE = "balance"

CHANNELS = (
    Channel(HEARTBEAT, "a heartbeat every second for each product, with the last sequence and trade"),
    Channel("status", "products and currencies", takes_products=False),
    Channel("ticker", "price and best bid and ask at every match"),
    Channel("ticker_batch", "like ticker, every 5 seconds if changed"),
    Channel("level2", "order book: a snapshot, then each change", needs_credentials=True),
    Channel("level2_batch", "order book: a snapshot, then changes batched over 50 ms"),
    Channel("level3", "every order, as arrays after a schema", needs_credentials=True),
    Channel("auctionfeed", "state of auctions"),
    Channel("matches", "trades: the last one, then each"),
    Channel("full", "every order from received to done", needs_credentials=True),
    Channel("user", "like full, own orders only", needs_credentials=True, products_optional=True),
    Channel(BALANCE, "changes of accounts, whose ids take the place of products", needs_credentials=True),
    Channel("rfq_matches", "trades from requests for quote", products_optional=True),
)
"""With what needs credentials as "Exchange WebSocket Authentication" of 2025-02 says that it is enforced."""

ACK_NAMES = {"level2_batch": "level2_50", "ticker_batch": "ticker_1000"}
"""Names in acks, where they differ (captures of 2026-08-25 and 2026-09-30); these can be subscribed as well."""

SOURCES = {"level2_batch": ("level2_batch", "level2"), "ticker_batch": ("ticker_batch", "ticker")} | {
    "level2": ("level2", "level2_batch"),
    "ticker": ("ticker", "ticker_batch"),
    "matches": ("matches", "full"),
}
"""Channels of a recording that can serve a client's channel; any other is served only by the one of the same name."""

TAKERS = {
    "level2": ("level2", "level2_batch"),
    "ticker": ("ticker", "ticker_batch"),
    "matches": ("matches", "full"),
    "user": ("user", "full"),
}
"""Client channels that get the frames described by a name; any other only by the channel of the same name."""

OPTIONAL_PRODUCTS = ("status", "user", "rfq_matches")
"""Channels that can be subscribed without naming products."""

_BY_OTHER_NAMES = {
    "level2_50": "level2_batch",
    "ticker_1000": "ticker_batch",
    "snapshot": "level2",
    "l2update": "level2",
    "match": "matches",
    "last_match": "matches",
    "auction": "auctionfeed",
    "rfq_match": "rfq_matches",
}


def channel_name(name: str) -> str:
    """Return the subscription name of a channel by its name in acks or frames."""
    return _BY_OTHER_NAMES.get(name, name)


def product_name(channel: str, product: str) -> str:
    """Return a product as the venue spells it; those of `balance` are ids of accounts."""
    return product if channel == BALANCE else upper_case_product(product)


def products_with_heartbeats(subscriptions: Sequence[Subscription]) -> tuple[str, ...]:
    """Return the products of all channels but heartbeats themselves, in order of appearance."""
    others = (one for one in subscriptions if one.channel not in {HEARTBEAT, BALANCE})
    return tuple(dict.fromkeys(product for one in others for product in one.products))


def described_name(channel: str) -> str:
    """Return the channel as which the frames of a subscribed one are described."""
    return channel.removesuffix("_batch")
