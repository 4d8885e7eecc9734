"""Choosing records by what the command line says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..feeds.base import did_you_mean
from ..model import Direction, Header
from .options import Moment

if TYPE_CHECKING:
    from ..feeds import Feed
    from ..formats import Selection

__all__ = ["selection_of"]


def selection_of(
    path: Path,
    header: Header,
    channels: Sequence[str],
    products: Iterable[Sequence[str]],
    start: Moment | None,
    end: Moment | None,
    *,
    connections: Sequence[int] = (),
    direction: Direction | None = None,
) -> Selection:
    """
    Make the choice that options ask for.

    Args:
        path: The recording.
        header: Its first line.
        channels: Names of channels, as subscribed or as their frames have them.
        products: Groups of products.
        start: First time, inclusive.
        end: Last time, exclusive.
        connections: Numbers of connections.
        direction: Which way frames went.

    Raises:
        UsageError: If the times are in the wrong order, or the recording's endpoint has no such channel, or is unknown
            and the choice needs it.

    """
    from ..feeds import feed_of
    from ..formats import Selection

    feed = feed_of(header.endpoint)
    names = frozenset(name for group in products for name in group)
    if feed is None and (channels or names):
        raise UsageError(
            f"{path}: endpoint {header.endpoint!r} is unknown, so there is no choosing by channel or product"
        )
    first, last = (None if moment is None else moment.within(header.created) for moment in (start, end))
    if first is not None and last is not None and first >= last:
        raise UsageError("--from is not before --to: there is nothing between them")
    return Selection(
        frozenset(_channel_of(feed, name) for name in channels) if feed else frozenset(),
        names,
        first,
        last,
        frozenset(connections),
        direction,
    )


def _channel_of(feed: Feed, name: str) -> str:
    """Give the channel of that name; besides those that can be subscribed there are the acks."""
    channel = feed.channel_name(name)
    known = (*feed.channels, "subscriptions")
    if channel not in known:
        raise UsageError(f"{feed.name} has no channel {name!r}{did_you_mean(name, known)} (it has {', '.join(known)})")
    return channel
