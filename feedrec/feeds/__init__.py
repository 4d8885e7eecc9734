"""
What each venue speaks, as pure state machines: one module a venue.

The catalogue names the modules; a module is imported when its endpoint is asked for.
"""

from __future__ import annotations

import importlib
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
from .requests import ChannelRequest, subscribe_to
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
}


def endpoint_names() -> list[str]:
    """Give the names of the catalogue."""
    return list(_MODULES)


def feed_of(endpoint: str) -> Feed | None:
    """Give the feed of the endpoint that a recording names, or None if the catalogue does not know it."""
    return find_feed(endpoint) if endpoint in _MODULES else None


def venue_of(endpoint: str) -> VenueFeed | None:
    """Give the feed of an endpoint if it has a server half."""
    feed = feed_of(endpoint)
    return cast(VenueFeed, feed) if hasattr(feed, "server") else None


def find_feed(name: str) -> Feed:
    """
    Give the feed of an endpoint.

    Raises:
        UsageError: If the catalogue has no such endpoint.

    """
    module = _MODULES.get(name)
    if module is None:
        known = ", ".join(_MODULES)
        raise UsageError(f"there is no endpoint {name!r}{did_you_mean(name, _MODULES)} (known: {known})")
    return cast(Feed, importlib.import_module(f".{module}", __name__).FEEDS[name])
