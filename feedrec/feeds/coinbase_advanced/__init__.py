"""
Coinbase Advanced Trade, market data: wss://advanced-trade-ws.coinbase.com.

Sources: "Advanced Trade WebSocket Overview" and "... Channels" of docs.cdp.coinbase.com, and a capture of 2026-08-09
where the prose and the wire differ: one sequence per connection over all channels, starting at 0; snapshots before the
ack; level2 arrives as `l2_data`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...errors import UsageError
from ..base import Channel, ConnectionSequence, FeedClient, SequenceRule, Subscription
from ..venue import Catalogue, FeedServer, FeedState, Key
from .client import CoinbaseAdvancedClient
from .frames import channel_name, describe
from .limits import MAX_LEVEL2_PRODUCTS
from .server import CoinbaseAdvancedServer, Settings
from .state import MarketState

__all__ = ["FEED", "CoinbaseAdvanced", "CoinbaseAdvancedClient"]

_CHANNELS = (
    Channel("level2", "order book: a snapshot, then updates about each 50 ms"),
    Channel("ticker", "price and best bid and offer at every match"),
    Channel("ticker_batch", "as ticker, each 5 seconds if changed"),
    Channel("market_trades", "trades of the last 250 ms"),
    Channel("candles", "buckets of five minutes, when they change"),
    Channel("status", "products and currencies"),
    Channel("heartbeats", "a beat each second; keeps the other channels open", takes_products=False),
)


class CoinbaseAdvanced:
    """The endpoint `coinbase-advanced`."""

    name = "coinbase-advanced"
    url = "wss://advanced-trade-ws.coinbase.com"
    channels = {channel.name: channel for channel in _CHANNELS}  # noqa: RUF012  never written to
    default_channels = ("level2",)
    default_products = ("BTC-USD",)
    heartbeat_channel = "heartbeats"

    describe = staticmethod(describe)
    channel_name = staticmethod(channel_name)

    def check(self, subscriptions: Sequence[Subscription]) -> None:
        """Refuse more level2 products than one connection may have."""
        for subscription in subscriptions:
            if subscription.channel == "level2" and len(subscription.products) > MAX_LEVEL2_PRODUCTS:
                count = len(subscription.products)
                raise UsageError(
                    f"{count} products of level2: the venue allows {MAX_LEVEL2_PRODUCTS} on one connection; "
                    "spread them over several recordings"
                )

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:
        """Make the rule of one sequence a connection, over all channels; see `Feed`."""
        return ConnectionSequence(0 if from_start else None)

    def server(self, catalogue: Catalogue, settings: Mapping[str, str]) -> FeedServer:
        """Make the server half for a new connection; see `VenueFeed`."""
        return CoinbaseAdvancedServer(list(self.channels), catalogue, Settings.parse(settings))

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """Make an empty state; see `VenueFeed`."""
        if wanted is None:
            return MarketState()
        kept = [key for key in wanted if key[0] != self.heartbeat_channel]
        return MarketState(kept) if kept else None

    def client(self, subscriptions: Sequence[Subscription]) -> FeedClient:
        """Make the client half for a new connection."""
        return CoinbaseAdvancedClient(subscriptions)


FEED = CoinbaseAdvanced()
