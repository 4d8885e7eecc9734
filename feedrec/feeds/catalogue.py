"""Endpoints by name; a venue, and the search for packages that offer others, is imported when it is asked for."""

from __future__ import annotations

import functools
import importlib
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from ..errors import UsageError
from ..spelling import did_you_mean

if TYPE_CHECKING:
    from .base import Feed
    from .sequence import SequenceRule
    from .venue import VenueFeed

__all__ = [
    "endpoint_names",
    "feed_at",
    "feed_of",
    "find_feed",
    "hosts_of",
    "hosts_of_feed",
    "is_known",
    "rule_of",
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
    """Return the names of all endpoints: first those that are built in, then those of other packages."""
    from .plugins import plugin_names  # noqa: PLC0415

    return [*_MODULES, *(name for name in plugin_names() if name not in _MODULES)]


def is_known(endpoint: str) -> bool:
    """Tell whether the catalogue has the endpoint that a recording names; see `feed_of`."""
    return endpoint in _MODULES or feed_of(endpoint) is not None


def feed_of(endpoint: str) -> Feed | None:
    """
    Return the feed of the endpoint that a recording names, or None if the catalogue does not know it.

    A broken one from another package counts as unknown, apart from a line in the log: the recording can still be read.
    """
    if endpoint in _MODULES:
        return _built_in(endpoint)
    try:
        return _offered(endpoint)
    except UsageError as error:
        _warn_once(str(error))
        return None


def rule_of(feed: Feed | None) -> Callable[[bool], SequenceRule] | None:
    """Return what makes a feed's sequence rule for a connection, given whether its opening was recorded."""
    return None if feed is None else lambda from_start: feed.sequence_rule(from_start=from_start)


def venue_of(endpoint: str) -> VenueFeed | None:
    """Return the feed of an endpoint if it has a server half."""
    feed = feed_of(endpoint)
    return cast("VenueFeed", feed) if hasattr(feed, "server") else None


def hosts_of(endpoints: Iterable[str]) -> frozenset[str]:
    """Return the names of the hosts of the built-in endpoints, and of those given."""
    feeds = (feed_of(name) for name in {*_MODULES, *endpoints})
    return frozenset(host for feed in feeds if feed is not None for host in hosts_of_feed(feed))


def hosts_of_feed(feed: Feed) -> frozenset[str]:
    """Return the names of the hosts that clients of a feed connect to: that of its address, those of its REST half."""
    from .rest import rest_half_of  # noqa: PLC0415

    host, half = _host_of(feed.url), rest_half_of(feed)
    return frozenset(() if half is None else half.hosts) | frozenset([host] if host else ())


def feed_at(url: str) -> Feed | None:
    """Return the feed of the built-in endpoint at the host of an address; None if there is none."""
    host = _host_of(url)
    feeds = (_built_in(name) for name in _MODULES)
    return next((feed for feed in feeds if host is not None and _host_of(feed.url) == host), None)


def find_feed(name: str) -> Feed:
    """
    Return the feed of an endpoint.

    Raises:
        UsageError: If the catalogue has no such endpoint, or it comes from another package and is broken.

    """
    feed = _built_in(name) if name in _MODULES else _offered(name)
    if feed is None:
        names = endpoint_names()
        known = f"known: {', '.join(names)}; raw records any WebSocket, with --url"
        raise UsageError(f"there is no endpoint {name!r}{did_you_mean(name, names)} ({known})")
    return feed


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # of a feed from elsewhere
        return None


def _built_in(name: str) -> Feed:
    return cast("Feed", importlib.import_module(f"..{_MODULES[name]}", __name__).FEEDS[name])


def _offered(name: str) -> Feed | None:
    from .plugins import load_plugin  # noqa: PLC0415

    return load_plugin(name)


@functools.cache
def _warn_once(text: str) -> None:
    _log.warning("%s", text)
