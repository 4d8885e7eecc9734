"""As few connections as a venue's limits allow, filled one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from ...errors import UsageError
from .limits import ConnectionLimits, limits_of

if TYPE_CHECKING:
    from ..base import Feed, Subscription

__all__ = ["Groups", "pieces_of", "spread_by_limits", "whole_name"]

Groups = list[list["Subscription"]]
"""What each connection subscribes to."""


def spread_by_limits(feed: Feed, subscriptions: Sequence[Subscription]) -> Groups:
    """
    Fill one connection after another as far as the venue's limits allow; each has heartbeats if the first has.

    Args:
        feed: The endpoint; its `connection_limits` hold.
        subscriptions: What is wanted.

    Raises:
        UsageError: If it takes more connections than the venue allows.

    """
    limits, beat = limits_of(feed), feed.heartbeat_channel
    heartbeats = [one for one in subscriptions if one.channel == beat and not one.products]
    groups: Groups = [[]]
    for one in subscriptions:
        for piece in pieces_of(one, limits.products.get(one.channel)):
            room = (group for group in groups if _has_room(group, piece, limits))
            group = next(room, None)
            if group is None:
                groups.append(group := list(heartbeats))
            group.append(piece)
    if limits.connections is not None and len(groups) > limits.connections:
        raise UsageError(_too_much(feed, subscriptions, len(groups)))
    return [groups[0], *([*more[len(heartbeats) :], *heartbeats] for more in groups[1:])]


def pieces_of(one: Subscription, most: int | None) -> list[Subscription]:
    """Return a subscription in pieces of so many products."""
    if most is None or len(one.products) <= most:
        return [one]
    starts = range(0, len(one.products), most)
    return [msgspec.structs.replace(one, products=one.products[start : start + most]) for start in starts]


def whole_name(one: Subscription) -> str:
    """Return the name of a subscription that is never divided: its channel, and its parameters if it has any."""
    if not one.params:
        return one.channel
    return f"{one.channel}?{msgspec.json.encode(one.params, order='deterministic').decode()}"


def _has_room(group: Sequence[Subscription], piece: Subscription, limits: ConnectionLimits) -> bool:
    """Tell whether a connection can carry a piece of a subscription as well."""
    if limits.subscriptions is not None and len(group) >= limits.subscriptions:
        return False
    most = limits.products.get(piece.channel)
    there = sum(len(one.products) for one in group if one.channel == piece.channel)
    return most is None or there + len(piece.products) <= most


def _too_much(feed: Feed, subscriptions: Sequence[Subscription], connections: int) -> str:
    limits = limits_of(feed)
    words = limits.words or f"{feed.name} allows {limits.connections} at once"
    if limits.subscriptions is not None and len(subscriptions) > limits.subscriptions * (limits.connections or 0):
        return f"{len(subscriptions)} subscriptions are too many: {words}"
    return f"this takes {connections} connections: {words}"
