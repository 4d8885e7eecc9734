"""What a venue allows one client at once, for all feeds together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from ....feeds.connections.limits import ConnectionLimits, limits_of
from ....feeds.connections.spreading import spread_over
from ....recorder import Source
from ..feed_options import FeedOptions

__all__ = ["VenueUse", "first_excess", "over_machines", "use_of"]


class VenueUse(NamedTuple):
    """
    What a feed takes of what a venue allows.

    Attributes:
        client: Whose connections the venue counts together; it may be secret.
        endpoint: The name of the endpoint.
        connections: How many connections the feed has.
        channels: The channels on them.
        limits: What the venue allows.

    """

    client: tuple[str, ...]
    endpoint: str
    connections: int
    channels: frozenset[str]
    limits: ConnectionLimits


def use_of(source: Source, connections: int | None) -> VenueUse:
    """
    Return what a feed takes of its venue.

    Args:
        source: What is recorded.
        connections: How many connections are to share it; None for as few as the venue allows.

    Raises:
        UsageError: If the venue does not allow it.

    """
    feed, credentials = source.feed, source.credentials
    groups = spread_over(feed, source.subscriptions, connections)
    client = (feed.name, urlsplit(source.url).netloc, *(() if credentials is None else credentials.secrets))
    channels = frozenset(one.channel for one in source.subscriptions)
    return VenueUse(client, feed.name, len(groups), channels, limits_of(feed))


def first_excess(uses: Mapping[str, VenueUse]) -> tuple[str, str] | None:
    """Return the first feed that is too much for a venue beside those before it, and why; None if all are allowed."""
    seen: dict[tuple[str, ...], list[VenueUse]] = {}
    for name, use in uses.items():
        before = seen.setdefault(use.client, [])
        total, most = use.connections + sum(one.connections for one in before), use.limits.connections
        if before and most is not None and total > most:
            return name, f"{use.endpoint} allows {most} connections at once; with the feeds before, this makes {total}"
        for one in before:
            for channel in sorted(use.limits.exclusive & use.channels & one.channels):
                return name, f"another feed has {channel} too, which {use.endpoint} allows on one connection at a time"
        before.append(use)
    return None


def over_machines(feeds: Mapping[str, tuple[FeedOptions, Source]]) -> list[str]:
    """
    Return what several machines take together of what a venue allows one account, if that is too much; a line each.

    Whether each has an account of its own, nobody knows here. What a venue allows an address, each machine has by
    itself.

    Args:
        feeds: The options and the source of each feed, as all machines together record it.

    Raises:
        UsageError: If it is too much for one of them already.

    """
    totals: dict[tuple[str, ...], int] = {}
    words: dict[tuple[str, ...], str] = {}
    for name, (options, source) in feeds.items():
        most = limits_of(source.feed).connections
        if source.shard is None or source.credentials is None or most is None:
            continue
        uses = [use_of(share, options.run.connections) for share in source.shares(name) if share is not None]
        client = uses[0].client
        totals[client] = totals.get(client, 0) + sum(use.connections for use in uses)
        if totals[client] > most:
            words[client] = (
                f"{source.feed.name} allows {most} connections at once, and {source.shard.machines} machines have "
                f"{totals[client]} together: give each a key of its own, or fewer connections"
            )
    return list(words.values())
