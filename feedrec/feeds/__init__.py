"""
What each venue speaks, as pure state machines: one package a venue.

The catalogue names the packages; one is imported when its endpoint is asked for. Further endpoints come from other
packages, see `plugins`.

    coinbase_advanced/   Coinbase Advanced Trade
    coinbase_exchange/   Coinbase Exchange
    coinmarketcap/       CoinMarketCap
    raw.py               any other WebSocket
    base.py              what every venue provides
    venue.py             what the server half of one provides
    defaults.py          what most have in common
    plugins.py           endpoints from other packages
    channel_requests.py  from what a person asks for to what is subscribed
    subscriptions.py     adding to what is subscribed, and taking from it
    notices.py           what client halves say of lost frames and refusals
    settings.py          what is not known of a venue
    steps.py             long work in small steps
    credentials.py       keys that sign
    api_key.py           keys that go with the handshake
    signing.py           private and public keys
    auth.py              what server halves demand of credentials
    redaction.py         no secrets in what is written
"""

from __future__ import annotations

import functools
import importlib
import logging
from typing import cast

from ..errors import UsageError
from .base import (
    Channel,
    ContiguousSequence,
    Feed,
    FeedClient,
    Gap,
    Message,
    Notice,
    Subscription,
    did_you_mean,
)
from .channel_requests import ChannelRequest, subscribe_to
from .plugins import load_plugin, plugin_names
from .venue import VenueFeed

__all__ = [
    "Channel",
    "ChannelRequest",
    "ContiguousSequence",
    "Feed",
    "FeedClient",
    "Gap",
    "Message",
    "Notice",
    "Subscription",
    "did_you_mean",
    "endpoint_names",
    "feed_of",
    "find_feed",
    "subscribe_to",
    "venue_of",
]

_MODULES = {
    "coinbase-advanced": "coinbase_advanced",
    "coinbase-advanced-user": "coinbase_advanced",
    "coinbase-exchange": "coinbase_exchange",
    "coinbase-exchange-direct": "coinbase_exchange",
    "coinbase-exchange-sandbox": "coinbase_exchange",
    "coinbase-exchange-direct-sandbox": "coinbase_exchange",
    "coinmarketcap": "coinmarketcap",
    "raw": "raw",
}

_log = logging.getLogger("feedrec")


def endpoint_names() -> list[str]:
    """Give the names of the catalogue: those that are built in, then those of other packages."""
    return [*_MODULES, *(name for name in plugin_names() if name not in _MODULES)]


def feed_of(endpoint: str) -> Feed | None:
    """
    Give the feed of the endpoint that a recording names, or None if the catalogue does not know it.

    One from another package that does not work is as one that is not known, but for a line in the log: the recording
    can be read all the same.
    """
    if endpoint in _MODULES:
        return _built_in(endpoint)
    try:
        return load_plugin(endpoint)
    except UsageError as error:
        _warn_once(str(error))
        return None


def venue_of(endpoint: str) -> VenueFeed | None:
    """Give the feed of an endpoint if it has a server half."""
    feed = feed_of(endpoint)
    return cast(VenueFeed, feed) if hasattr(feed, "server") else None


def find_feed(name: str) -> Feed:
    """
    Give the feed of an endpoint.

    Raises:
        UsageError: If the catalogue has no such endpoint, or one from another package does not work.

    """
    feed = _built_in(name) if name in _MODULES else load_plugin(name)
    if feed is None:
        names = endpoint_names()
        raise UsageError(f"there is no endpoint {name!r}{did_you_mean(name, names)} (known: {', '.join(names)})")
    return feed


def _built_in(name: str) -> Feed:
    return cast(Feed, importlib.import_module(f".{_MODULES[name]}", __name__).FEEDS[name])


@functools.cache
def _warn_once(text: str) -> None:
    _log.warning("%s", text)
