"""
Coinbase Advanced Trade, market data: wss://advanced-trade-ws.coinbase.com.

Sources: "Advanced Trade WebSocket Overview" and "... Channels" of docs.cdp.coinbase.com, and a capture of 2026-08-09
where the prose and the wire differ: one sequence per connection over all channels, starting at 0; snapshots before the
ack; level2 arrives as `l2_data`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ..auth import Auth
from ..base import Channel, ConnectionSequence, FeedClient, SequenceRule, Subscription, spread_channel
from ..credentials import CDP_KEY, Credentials
from ..venue import Catalogue, FeedServer, FeedState, Key
from .client import CoinbaseAdvancedClient
from .frames import channel_name, describe
from .limits import CONNECTIONS_PER_SECOND, MAX_LEVEL2_PRODUCTS, MESSAGES_PER_SECOND
from .server import CoinbaseAdvancedServer, Settings
from .state import MarketState

__all__ = ["FEED", "FEEDS", "CoinbaseAdvanced", "CoinbaseAdvancedClient"]

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
    credentials = CDP_KEY
    needs_credentials = False
    offers_deflate = False
    connections_per_second = CONNECTIONS_PER_SECOND
    messages_per_second = MESSAGES_PER_SECOND

    describe = staticmethod(describe)
    channel_name = staticmethod(channel_name)

    def spread(self, subscriptions: Sequence[Subscription]) -> list[list[Subscription]]:
        """Give each connection as many products of level2 as it may have; see `Feed`."""
        return spread_channel(subscriptions, "level2", MAX_LEVEL2_PRODUCTS, self.heartbeat_channel)

    def sequence_rule(self, *, from_start: bool) -> SequenceRule:
        """Make the rule of one sequence a connection, over all channels; see `Feed`."""
        return ConnectionSequence(0 if from_start else None)

    def server(self, catalogue: Catalogue, settings: Mapping[str, str], auth: Auth) -> FeedServer:  # noqa: ARG002
        """Make the server half for a new connection; see `VenueFeed`."""
        return CoinbaseAdvancedServer(list(self.channels), catalogue, Settings.parse(settings))

    def state(self, wanted: Collection[Key] | None) -> FeedState | None:
        """Make an empty state; see `VenueFeed`."""
        if wanted is None:
            return MarketState()
        kept = [key for key in wanted if key[0] != self.heartbeat_channel]
        return MarketState(kept) if kept else None

    def client(
        self,
        subscriptions: Sequence[Subscription],
        credentials: Credentials | None = None,  # noqa: ARG002
    ) -> FeedClient:
        """Make the client half for a new connection."""
        return CoinbaseAdvancedClient(subscriptions)


FEED = CoinbaseAdvanced()

FEEDS = {FEED.name: FEED}
"""The endpoints by name."""
