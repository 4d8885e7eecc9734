"""Which of several machines records what: the last part of `feedrec record --check`, the same on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ....feeds import Subscription
from ....feeds.connections.sharding import Shard
from ....feeds.connections.spreading import spread_over
from ....feeds.products import patterns_in
from ....recorder import Source
from ... import output
from ...subscribed import name_subscription
from ..feed_options import FeedOptions
from .venue_limits import over_machines

__all__ = ["machine_facts", "machine_lines"]


def machine_facts(feeds: Mapping[str, tuple[FeedOptions, Source]], shard: Shard) -> dict[str, Any]:
    """
    Return what each machine records as a JSON object; what is secret is not in it.

    Of a pattern nobody knows as yet what it stands for: each machine has it, and no product of it is counted.

    Args:
        feeds: The options and the source of each feed, as all machines together record it.
        shard: One of the machines.

    Raises:
        UsageError: If it is too much for one of them.

    """
    machines: list[dict[str, Any]] = [
        {"machine": number, "products": 0, "connections": 0, "feeds": []} for number in range(1, shard.machines + 1)
    ]
    for name, (options, source) in feeds.items():
        known, unknown = _parted(source)
        patterns = [source.redaction.details(one.as_dict()) for one in unknown]
        shares = [None] * shard.machines if known is None else known.shares(name)
        for machine, share in zip(machines, shares, strict=True):
            if share is not None or patterns:
                part = _part(name, options, share, patterns)
                machine["feeds"].append(part)
                machine["products"] += part["products"]
                machine["connections"] += len(part["connections"])
    return {
        "shard": {"number": shard.number, "machines": shard.machines, "replicas": shard.replicas},
        "machines": machines,
        "too_much": over_machines(feeds),
    }


def _parted(source: Source) -> tuple[Source | None, list[Subscription]]:
    """Part what is wanted from what is wanted by patterns."""
    if not (patterns := set(patterns_in(source.subscriptions))):
        return source, []
    known, unknown = [], []
    for one in source.subscriptions:
        named = tuple(product for product in one.products if product not in patterns)
        if named or not one.products:
            known.append(msgspec.structs.replace(one, products=named))
        if len(named) < len(one.products):
            unknown.append(msgspec.structs.replace(one, products=tuple(set(one.products) & patterns)))
    beats = [one for one in known if one.channel != source.feed.heartbeat_channel or one.products]
    return (source._replace(subscriptions=known) if beats else None), unknown


def _part(name: str, options: FeedOptions, share: Source | None, patterns: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a machine has of a feed."""
    groups = [] if share is None else spread_over(share.feed, share.subscriptions, options.run.connections)
    details = [] if share is None else [[share.redaction.details(one.as_dict()) for one in group] for group in groups]
    products = {product for group in groups for one in group for product in one.products}
    return {"feed": name, "products": len(products), "connections": details, "patterns": patterns}


def machine_lines(facts: Mapping[str, Any], width: int | None = None) -> list[str]:
    """Return what each machine records as lines for a person, of so many columns at most."""
    shard = facts["shard"]
    replicas = f", each product on {shard['replicas']} of them" if shard["replicas"] > 1 else ""
    rows = []
    for machine in facts["machines"]:
        number = f"{machine['machine']}{' (this one)' if machine['machine'] == shard['number'] else ''}"
        counts = [
            output.count(machine[f"{noun}s"], noun) for noun in ("product", "connection") if machine["connections"]
        ]
        if any(feed["patterns"] for feed in machine["feeds"]):
            counts.append(f"{'and ' if counts else ''}its part of the patterns")
        rows.append(["", number, ", ".join(counts) if machine["feeds"] else "nothing"])
        rows += [["", "", _line(feed)] for feed in machine["feeds"]]
    lines = [f"{output.count(shard['machines'], 'machine')}{replicas}", *output.columns(rows, wrap=width)]
    return lines + [f"  {text}" for text in facts["too_much"]]


def _line(feed: Mapping[str, Any]) -> str:
    """Return what a machine has of a feed: each channel once, whatever connections it is on."""
    together: dict[bytes, dict[str, Any]] = {}
    for one in (one for group in feed["connections"] for one in group):
        rest = {key: value for key, value in one.items() if key != "products"}
        same = together.setdefault(msgspec.json.encode(rest, order="sorted"), {**rest, "products": []})
        same["products"] += one.get("products", [])
    texts = [name_subscription(one) for one in together.values()]
    texts += [f"its part of {name_subscription(one)}" for one in feed["patterns"]]
    return f"{feed['feed']}{': ' if feed['feed'] else ''}{'; '.join(texts) or 'all of it'}"
