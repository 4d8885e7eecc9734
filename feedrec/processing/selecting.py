"""Selecting records by channel, product and time, with the names that a feed has for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model import Direction, Header
from ..spelling import did_you_mean

if TYPE_CHECKING:
    from ..feeds import Feed
    from ..formats import Selection
    from ..times import Moment

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
    end_option: str = "--to",
) -> Selection:
    """
    Return what is selected of a recording.

    Args:
        path: The recording.
        header: Its first line.
        channels: Channel names, as subscribed to or as in the frames.
        products: Groups of products.
        start: Start time, inclusive.
        end: End time, exclusive.
        connections: Connection numbers.
        direction: Received or sent.
        end_option: What the option of the end time is called.

    Raises:
        UsageError: If the times are in the wrong order, there is no such channel, or the endpoint must be known.

    """
    from ..feeds import feed_of
    from ..formats import Selection

    feed = feed_of(header.endpoint)
    names = frozenset(name for group in products for name in group)
    if feed is None and (channels or names):
        raise UsageError(f"{path}: cannot filter by channel or product, as the endpoint {header.endpoint!r} is unknown")
    first = None if start is None else start.within(header.created)
    last = None if end is None else end.within(header.created, is_end=True)
    if first is not None and last is not None and first >= last:
        raise UsageError(f"--from must be before {end_option}")
    return Selection(
        frozenset(_channel_of(feed, name) for name in channels) if feed else frozenset(),
        names,
        first,
        last,
        frozenset(connections),
        direction,
    )


def _channel_of(feed: Feed, name: str) -> str:
    """Return the channel of that name; besides those of the catalogue, there is the channel of the acks."""
    channel = feed.channel_name(name)
    known = (*feed.channels, "subscriptions")
    if channel not in known:
        raise UsageError(f"{feed.name} has no channel {name!r}{did_you_mean(name, known)} (it has {', '.join(known)})")
    return channel
