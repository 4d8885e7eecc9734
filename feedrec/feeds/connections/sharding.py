"""
What each of several machines records of one feed, where none of them knows more than how many they are.

A product of an endpoint is on as many machines as there are replicas, with all of its channels: on those to which it
belongs (rendezvous.py). A subscription without products belongs somewhere by its channel and its parameters, and a feed
that subscribes to nothing by a name. Heartbeats are wherever something else is. What a user may have on one connection
only is on one machine, with all of its products.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from ...errors import UsageError
from .by_limits import whole_name
from .limits import limits_of
from .rendezvous import best_places

if TYPE_CHECKING:
    from ..base import Feed, Subscription

__all__ = ["MOST_MACHINES", "Shard", "Shares", "parse_shard", "shares_of"]

MOST_MACHINES = 1000
"""A typing error beyond that."""

_SHARD = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)

Shares = list[list["Subscription"] | None]
"""What each machine subscribes to, the first one's first; None where there is nothing to do."""


class Shard(msgspec.Struct, frozen=True):
    """
    Which of several machines this is.

    Attributes:
        number: Its number, from 1 on.
        machines: How many there are.
        replicas: On how many of them each product is.

    """

    number: int
    machines: int
    replicas: int = 1

    def __str__(self) -> str:
        """Write it as a person does."""
        return f"{self.number}/{self.machines}"


def parse_shard(text: str, replicas: int = 1) -> Shard:
    """
    Read `2/5`: the second of five machines.

    Args:
        text: What a person wrote.
        replicas: On how many machines each product is to be.

    Raises:
        UsageError: If it is no such text, or there are not so many machines.

    """
    match = _SHARD.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is no shard: write 2/5 on the second of five machines")
    number, machines = int(match[1]), int(match[2])
    if not 1 <= machines <= MOST_MACHINES:
        raise UsageError(f"{text!r} is no shard: there are 1 to {MOST_MACHINES:,} machines")
    if not 1 <= number <= machines:
        raise UsageError(f"{text!r} is no shard: the {machines} machines are 1/{machines} to {machines}/{machines}")
    if not 1 <= replicas <= machines:
        raise UsageError(f"{replicas} replicas need as many machines, and {text} says that there are {machines}")
    return Shard(number, machines, replicas)


def shares_of(feed: Feed, subscriptions: Sequence[Subscription], shard: Shard, name: str = "") -> Shares:
    """
    Return what each machine has of what is wanted; the order of neither products nor subscriptions matters.

    Args:
        feed: The endpoint.
        subscriptions: What is wanted, the products in the place of patterns.
        shard: One of the machines.
        name: By which a feed belongs somewhere that subscribes to nothing.

    """
    sharing = _Sharing(feed, shard)
    beats = [one for one in subscriptions if one.channel == feed.heartbeat_channel and not one.products]
    others = [one for one in subscriptions if one not in beats]
    if not others:
        places = sharing.places_of(whole_name(beats[0]) if beats else name)
        return [list(beats) if place in places else None for place in range(shard.machines)]
    pieces = [({} if one in beats else sharing.pieces_of(one)) for one in subscriptions]
    shares: Shares = []
    for place in range(shard.machines):
        share = [its[place] for its in pieces if place in its]
        if beats and feed.has_heartbeats(share):
            both = zip(subscriptions, pieces, strict=True)
            share = [its.get(place, one) for one, its in both if place in its or one in beats] if share else []
        shares.append(share or None)
    return shares


class _Sharing:
    """Where each product of an endpoint belongs, and each subscription without products."""

    def __init__(self, feed: Feed, shard: Shard) -> None:
        self._feed, self._shard = feed, shard
        self._exclusive = limits_of(feed).exclusive
        self._places: dict[str, list[int]] = {}

    def places_of(self, unit: str) -> list[int]:
        """Return the places of a unit, from 0 on, the first one first."""
        if unit not in self._places:
            places = range(self._shard.machines)
            self._places[unit] = best_places(f"{self._feed.name} {unit}", places, self._shard.replicas)
        return self._places[unit]

    def pieces_of(self, one: Subscription) -> dict[int, Subscription]:
        """Return what each place has of a subscription."""
        if one.channel in self._exclusive:
            return {self.places_of(one.channel)[0]: one}
        if not one.products:
            return dict.fromkeys(self.places_of(whole_name(one)), one)
        products: dict[int, list[str]] = {}
        for product in one.products:
            for place in self.places_of(product):
                products.setdefault(place, []).append(product)
        return {place: msgspec.structs.replace(one, products=tuple(its)) for place, its in products.items()}
