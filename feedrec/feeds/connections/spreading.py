"""
What goes on which connection, where a person says how many, or asks for more while they are open.

Products are shared out evenly, all channels of a product on the same connection, and so that one product more moves
few others: each goes to the connection to which it belongs (rendezvous.py), of those that still have room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from ...errors import UsageError
from ..base import Feed, Subscription
from ..client_half.subscriptions import add_subscriptions
from .by_limits import Groups, pieces_of, whole_name
from .limits import ConnectionLimits, limits_of
from .rendezvous import best_place, weight_of

__all__ = ["find_room", "fits", "spread_over"]


def spread_over(feed: Feed, subscriptions: Sequence[Subscription], connections: int | None) -> Groups:
    """
    Return what each connection subscribes to.

    Args:
        feed: The endpoint.
        subscriptions: What is wanted.
        connections: How many connections share it; None for as few as the venue allows. There are fewer if there is not
            something for each.

    Raises:
        UsageError: If the venue does not allow it.

    """
    fewest = feed.spread(subscriptions) or [[]]
    if connections is None:
        return fewest
    most = limits_of(feed).connections
    if most is not None and connections > most:
        raise UsageError(f"{connections} connections are too many: {feed.name} allows {most} at once")
    together: list[Subscription] = []
    for group in fewest:
        together, _ = add_subscriptions(together, group)
    groups = _shared_out(feed, together, connections)
    if not all(fits(feed, group) for group in groups):
        least = max(len(fewest), connections + 1)
        raise UsageError(
            f"{connections} connection{'' if connections == 1 else 's'} cannot carry all of this at {feed.name}: "
            f"use {least} or more"
        )
    return groups


def fits(feed: Feed, group: Sequence[Subscription]) -> bool:
    """Tell whether one connection can carry all of this."""
    return not group or len(feed.spread(group)) == 1


def find_room(
    groups: Sequence[Sequence[Subscription]],
    new: Sequence[Subscription],
    carries: Callable[[int, Sequence[Subscription]], bool],
) -> Groups | None:
    """
    Find connections that can carry more: the first that can, but for a product the one that has it already.

    What does not go on one connection together is shared out product by product.

    Args:
        groups: What each has.
        new: What is wanted as well.
        carries: Tells whether the n-th of them can carry all of something.

    Returns:
        What each is to have as well; None if there is no room.

    """
    names = {product for one in new for product in one.products}
    order = sorted(range(len(groups)), key=lambda number: not names & _products_of(groups[number]))
    for number in order:
        together, _ = add_subscriptions(groups[number], new)
        if carries(number, together):
            return [list(new) if number == place else [] for place in range(len(groups))]
    pieces = [piece for one in new for piece in pieces_of(one, 1)]
    if len(pieces) == 1:
        return None
    added: Groups = [[] for _ in groups]
    for piece in pieces:
        now = [add_subscriptions(group, more)[0] for group, more in zip(groups, added, strict=True)]
        place = find_room(now, [piece], carries)
        if place is None:
            return None
        added = [add_subscriptions(more, some)[0] for more, some in zip(added, place, strict=True)]
    return added


def _products_of(group: Sequence[Subscription]) -> set[str]:
    return {product for one in group for product in one.products}


class _Unit(NamedTuple):
    """
    What is never divided: a product in all of its channels, or a subscription by parameters.

    Attributes:
        channels: Where it is asked for; units that are alike in this are shared out evenly.
        name: Which it is.

    """

    channels: tuple[str, ...]
    name: str


def _shared_out(feed: Feed, subscriptions: Sequence[Subscription], connections: int) -> Groups:
    """Share out products evenly; what has none is on the first connection, and heartbeats are on each."""
    limits, beat = limits_of(feed), feed.heartbeat_channel
    channels: dict[str, list[str]] = {}
    for one in subscriptions:
        for name in _unit_names(one, limits):
            channels.setdefault(name, []).append(one.channel)
    owners = _owners([_Unit(tuple(sorted(set(asked))), name) for name, asked in channels.items()], connections)
    groups: Groups = []
    for number in range(max(owners.values(), default=0) + 1):
        group = []
        for one in subscriptions:
            names = _unit_names(one, limits)
            mine = tuple(name for name in names if owners[name] == number)
            if one.products and names:
                group += [msgspec.structs.replace(one, products=mine)] if mine else []
            elif mine or (not names and (number == 0 or (one.channel == beat and not one.products))):
                group.append(one)
        groups.append(group)
    return groups


def _unit_names(one: Subscription, limits: ConnectionLimits) -> tuple[str, ...]:
    """Return the names of the units of a subscription; none if all of it belongs on the first connection."""
    if one.channel in limits.exclusive:
        return ()
    if one.products or not one.params:
        return one.products
    return (whole_name(one),)


def _owners(units: Sequence[_Unit], connections: int) -> dict[str, int]:
    """Return the connection of each unit, by name."""
    owners: dict[str, int] = {}
    loads = [0] * connections
    alike = [list(group) for _, group in groupby(sorted(units), key=lambda unit: unit.channels)]
    for group in sorted(alike, key=len, reverse=True):
        each, rest = divmod(len(group), connections)
        fewest_first = sorted(range(connections), key=lambda number: (loads[number], number))
        room = [each] * connections
        for number in fewest_first[:rest]:
            room[number] += 1
        for number, more in enumerate(room):
            loads[number] += more
        for name in sorted((unit.name for unit in group), key=weight_of):
            owner = owners[name] = best_place(name, (number for number in range(connections) if room[number]))
            room[owner] -= 1
    return owners
