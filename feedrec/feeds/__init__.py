"""
What each venue speaks, as pure state machines: one package a venue.

    coinbase_advanced/   Coinbase Advanced Trade
    coinbase_exchange/   Coinbase Exchange
    coinmarketcap/       CoinMarketCap
    raw.py               any other WebSocket
    connections/         how many connections a venue allows, and what goes on which, and on which machine
    client_half/         what the client halves of all venues stand on
    server_half/         what the server halves of all venues stand on
    base.py              what every venue provides
    sequence.py          the numbers of frames: gaps, frames out of order, counts that began anew
    venue/               what its server half provides
    passages.py          what that does with many frames, told at once
    defaults.py          where a feed from another package begins
    catalogue.py         endpoints by name
    plugins.py           endpoints from other packages
    channel_requests.py  from what a person asks for to subscriptions
    tracks/              what frames of two connections have in common
    products.py          products: their spelling, lists of them, patterns
    decoding.py          JSON texts of a known shape
    rest/                what the REST halves of all venues stand on
    checking/            what frames say that cannot be true
    market/              what frames tell of the market, in one form
    state/               what snapshots for late clients are made of
    credentials.py       keys that sign
    api_key.py           keys that go with the handshake
    signing.py           private and public keys
    auth.py              what server halves demand of credentials
    redaction/           no secrets in what is written
    rewriting/           frames of a recording, changed on purpose

Nothing is loaded until it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import offer
from ..spelling import did_you_mean

if TYPE_CHECKING:
    from .base import (
        Acceptance,
        Channel,
        ContiguousSequence,
        Feed,
        FeedClient,
        Gap,
        Message,
        Notice,
        ProductList,
        Reset,
        Subscription,
    )
    from .catalogue import (
        endpoint_names,
        feed_at,
        feed_of,
        find_feed,
        hosts_of,
        hosts_of_feed,
        is_known,
        rule_of,
        venue_of,
    )
    from .channel_requests import ChannelRequest, subscribe_to

__all__ = [
    "Acceptance",
    "Channel",
    "ChannelRequest",
    "ContiguousSequence",
    "Feed",
    "FeedClient",
    "Gap",
    "Message",
    "Notice",
    "ProductList",
    "Reset",
    "Subscription",
    "did_you_mean",
    "endpoint_names",
    "feed_at",
    "feed_of",
    "find_feed",
    "hosts_of",
    "hosts_of_feed",
    "is_known",
    "rule_of",
    "subscribe_to",
    "venue_of",
]

__getattr__ = offer(
    __name__,
    {
        "Acceptance": "base",
        "Channel": "base",
        "ChannelRequest": "channel_requests",
        "ContiguousSequence": "sequence",
        "Feed": "base",
        "FeedClient": "base",
        "Gap": "sequence",
        "Message": "base",
        "Notice": "base",
        "ProductList": "base",
        "Reset": "sequence",
        "Subscription": "base",
        "endpoint_names": "catalogue",
        "feed_at": "catalogue",
        "feed_of": "catalogue",
        "find_feed": "catalogue",
        "hosts_of": "catalogue",
        "hosts_of_feed": "catalogue",
        "is_known": "catalogue",
        "rule_of": "catalogue",
        "subscribe_to": "channel_requests",
        "venue_of": "catalogue",
    },
)
