"""
Simulate 1,000 products on five machines: how evenly they are shared out, and what moves when anything changes.

    python scripts/simulate_shards.py

Each case is tried with ten sets of products. It prints the table of docs/fleet.md, which a test compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from statistics import mean

from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.sharding import Shard, shares_of

PRODUCTS, MACHINES, TRIALS = 1000, 5, 10

Owned = list[frozenset[str]]
"""The products of each machine."""

Products = tuple[str, ...]
Share = Callable[[Products, int], Owned]
"""Shares products out over so many machines."""


def products_of(trial: int) -> Products:
    """Return the products of a trial."""
    return tuple(f"T{trial}X{number:03}-USD" for number in range(PRODUCTS))


@cache
def by_rendezvous(products: Products, machines: int, replicas: int = 1) -> Owned:
    """Share products out as `record --shard` does."""
    wanted = [Subscription("level2", products), Subscription("heartbeats")]
    shares = shares_of(find_feed("coinbase-advanced"), wanted, Shard(1, machines, replicas))
    return [frozenset() if share is None else frozenset(share[0].products) for share in shares]


def twice(products: Products, machines: int) -> Owned:
    """Share products out as `record --shard --replicas 2` does."""
    return by_rendezvous(products, machines, 2)


def in_turns(products: Products, machines: int) -> Owned:
    """Share products out as is often done: one after another, in the order of the alphabet."""
    return [frozenset(sorted(products)[place::machines]) for place in range(machines)]


def begun(before: Owned, after: Owned) -> int:
    """Return how many products machines record that they did not record before; the last ones are gone, or new."""
    return sum(len(its - (before[place] if place < len(before) else frozenset())) for place, its in enumerate(after))


CHANGES: dict[str, Callable[[Products, int], tuple[Products, int]]] = {
    "a product comes": lambda products, machines: (("NEW-USD", *products), machines),
    "a product goes": lambda products, machines: (products[1:], machines),
    "a sixth machine comes": lambda products, machines: (products, machines + 1),
    "the fifth machine goes": lambda products, machines: (products, machines - 1),
}


def table() -> list[str]:
    """Return the lines of the table."""
    ways: Sequence[Share] = (by_rendezvous, twice, in_turns)
    lines = ["| | `--shard` | with `--replicas 2` | one after another |", "|---|---|---|---|"]
    sizes = [[sorted(map(len, way(products_of(trial), MACHINES))) for trial in range(TRIALS)] for way in ways]
    texts = [f"{min(one[0] for one in its)} to {max(one[-1] for one in its)}" for its in sizes]
    lines.append(f"| products of a machine | {' | '.join(texts)} |")
    texts = [f"{(mean(one[-1] / mean(one) for one in its) - 1) * 100:.0f} %" for its in sizes]
    lines.append(f"| the fullest has more than the mean by | {' | '.join(texts)} |")
    for what, change in CHANGES.items():
        texts = []
        for way in ways:
            products = [products_of(trial) for trial in range(TRIALS)]
            found = [begun(way(one, MACHINES), way(*change(one, MACHINES))) for one in products]
            texts.append(f"{mean(found):,.0f}")
        lines.append(f"| {what}: begun on a machine | {' | '.join(texts)} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
