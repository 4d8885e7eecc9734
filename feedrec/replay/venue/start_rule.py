"""When a client has subscribed enough for its replay to begin at once, without waiting for more. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ...errors import UsageError
from ...feeds.channel_requests import read_channel
from ...feeds.venue import Catalogue, FeedServer, Key, VenueFeed
from ...spelling import did_you_mean

__all__ = ["StartRule", "chosen_keys"]


class StartRule:
    """
    Tells when a client has subscribed all that it is waited for.

    Args:
        held: What the recordings hold: a client that has subscribed all of it has nothing more to ask for.
        chosen: What is waited for instead; None if nothing was chosen.

    Attributes:
        is_chosen: Whether something was.

    """

    def __init__(self, held: Catalogue, chosen: Collection[Key] | None = None) -> None:
        self.is_chosen = chosen is not None
        own = [(channel, product) for channel, products in held.items() for product in products]
        self._keys = list(own if chosen is None else chosen)

    def is_met(self, server: FeedServer) -> bool:
        """Whether a client has, by its server half."""
        return bool(self._keys) and server.has_subscribed_to(self._keys)


def chosen_keys(texts: Sequence[str], feeds: Mapping[str, VenueFeed]) -> dict[str, list[Key]]:
    """
    Return what a person waits for, by endpoint: channels and products, `""` for any product; empty for nothing.

    Args:
        texts: Channels as they are written, `ticker` or `ticker:BTC-USD,ETH-USD`.
        feeds: The feeds that are served, by endpoint, with the channels that were recorded.

    Raises:
        UsageError: If no feed has such a channel, or there is no feed.

    """
    if not texts:
        return {}
    if not feeds:
        raise UsageError("a replay that sends every frame unchanged knows no subscriptions: leave out --start-after")
    chosen: dict[str, list[Key]] = {name: [] for name in feeds}
    for text in texts:
        channel, products, _ = read_channel(text)
        having = {name: feed for name, feed in feeds.items() if feed.channel_name(channel) in feed.channels}
        if not having:
            known = list(dict.fromkeys(name for feed in feeds.values() for name in feed.channels))
            raise UsageError(f"{' and '.join(feeds)} has no channel {channel!r}{did_you_mean(channel, known)}")
        for endpoint, feed in having.items():
            name = feed.channel_name(channel)
            chosen[endpoint] += [(name, feed.product_name(name, product)) for product in products or ("",)]
    return chosen
