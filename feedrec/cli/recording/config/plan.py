"""What will be recorded, how and where to: `feedrec record --check`. Nothing is connected to, and nothing written."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....feeds.connections.sharding import Shard
from ....feeds.connections.spreading import spread_over
from ....feeds.products import patterns_in
from ....model import NANOSECONDS
from ....recorder import Source
from ... import output
from ...subscribed import name_subscription
from ...terminal import can_redraw, echo, echo_json, width_of
from ..feed_options import FeedOptions
from ..file_names import names_from
from ..options.files.output_options import OutputOptions
from .machines import machine_facts, machine_lines
from .places import is_folder

__all__ = ["plan_facts", "plan_lines", "show_plans"]


def show_plans(
    feeds: Mapping[str, tuple[FeedOptions, Source]], *, as_json: bool, served: str = "", shard: Shard | None = None
) -> None:
    """
    Print the plans of feeds.

    Args:
        feeds: The options and the source of each, by name; a single one may have an empty name.
        as_json: Whether to print a JSON object.
        served: Where they are served; empty for nowhere.
        shard: Which of several machines this is, if they share out the feeds; then those of all are printed, too.

    Raises:
        UsageError: If one cannot be carried out.

    """
    here = {name: (options, source.here(name)) for name, (options, source) in feeds.items()}
    plans = {name: (options, source) for name, (options, source) in here.items() if source is not None}
    facts = [plan_facts(name, *plan) for name, plan in plans.items()]
    machines = None if shard is None else machine_facts(feeds, shard)
    if as_json:
        where = {"served": served} if served else {}
        count = sum(len(one["connections"]) for one in facts)
        echo_json({"connections": count, **where, "feeds": facts, **(machines or {})})
        return
    width = width_of(sys.stdout) if can_redraw(sys.stdout) else None
    for (name, (options, source)), one in zip(plans.items(), facts, strict=True):
        echo(*plan_lines(name, options, source, one, width))
    limits = {one["endpoint"]: _venue_limits(one["venue_limits"]) for one in facts}
    rows = [["", endpoint, text] for endpoint, texts in limits.items() for text in texts]
    if rows:
        echo("limits of the venue" + "s"[: len({row[1] for row in rows}) > 1], *output.columns(_once(rows), wrap=width))
    if served:
        echo("served live", *output.columns([["", served]], wrap=width))
    if machines is not None:
        echo(*machine_lines(machines, width))
    if "" not in feeds:
        connections = output.count(sum(len(one["connections"]) for one in facts), "connection")
        of_them = f"{len(plans)} of " if len(plans) < len(feeds) else ""
        echo(f"{of_them}{output.count(len(feeds), 'feed')}, {connections}")


def plan_facts(name: str, options: FeedOptions, source: Source) -> dict[str, Any]:
    """Return the plan of a feed as a JSON object; what is secret is not in it."""
    feed, redaction = source.feed, source.redaction
    options.check(feed)
    groups = spread_over(feed, source.subscriptions, options.run.connections)
    return {
        "feed": name,
        "endpoint": feed.name,
        "url": redaction.address(source.url),
        "failover": None if source.failover is None else redaction.address(source.failover.url),
        "connections": [[redaction.details(one.as_dict()) for one in group] for group in groups],
        "patterns": patterns_in(source.subscriptions),
        "credentials": source.credentials is not None,
        "rest": source.rest is not None,
        "files": _files(source, options.place),
        "kept": _kept(options.place),
        **({"shipped": options.ship.said} if options.ship.ship else {}),
        "finished": options.hooks.said,
        "limits": {
            "duration": options.limits.duration,
            "max_frames": options.limits.max_frames,
            "disk_patience": options.place.disk_patience,
            "min_free": options.place.min_free,
        },
        "venue_limits": {
            "connections_per_second": feed.connections_per_second,
            "messages_per_second": feed.messages_per_second,
            "others": list(feed.limits),
        },
    }


def plan_lines(
    name: str, options: FeedOptions, source: Source, facts: Mapping[str, Any], width: int | None = None
) -> list[str]:
    """Return the plan of a feed as lines for a person, of so many columns at most."""
    rows = [["", "address", facts["url"]]]
    rows += [["", "failover", facts["failover"]]] if facts["failover"] else []
    rows += [["", "connections" if number == 1 else "", text] for number, text in enumerate(_groups(facts), 1)]
    if facts["patterns"]:
        rows.append(["", "products", f"the venue is asked what {', '.join(facts['patterns'])} stands for"])
    if plan := source.feed.plan_of(source.subscriptions):
        rows.append(["", "plan", plan])
    rows += [["", "REST", "asked beside the feed"]] if facts["rest"] else []
    rows += [["", "files", facts["files"]]]
    rows += [["", "kept", facts["kept"]]] if facts["kept"] else []
    rows += [["", "shipped", facts["shipped"]]] if facts.get("shipped") else []
    rows += [["", "finished", facts["finished"]]] if facts["finished"] else []
    rows += [["", "ends", _end(options)], ["", "disk", _disk(options.place)]]
    keys = ", with credentials" if facts["credentials"] else ""
    return [f"{name or 'plan'}: {facts['endpoint']}{keys}", *output.columns(rows, wrap=width)]


def _groups(facts: Mapping[str, Any]) -> list[str]:
    """Return what is subscribed on each connection."""
    groups = facts["connections"]
    texts = ["; ".join(map(name_subscription, group)) or "nothing is subscribed" for group in groups]
    return [f"{number}: {text}" for number, text in enumerate(texts, 1)]


def _files(source: Source, place: OutputOptions) -> str:
    """Say what the files are called, and when a new one begins."""
    from ....formats.file.names import numbered_path

    if place.output == "-":
        return "stdout"
    template = place.template
    turning = place.rotate if template is None else place.turning(template)
    if template is not None:
        text = f"such as {next(names_from(template, source).names(1, time.time_ns()))}"
    elif is_folder(place):
        text = f"new ones in {place.output or '.'}, named by endpoint, channels and time"
    elif turning is not None:
        text = f"{numbered_path(Path(place.output or ''), 1)} and so on"
    else:
        text = f"{place.output}"
    if turning is None:
        return text
    spans = [output.duration(turning.nanoseconds / NANOSECONDS)] if turning.nanoseconds else []
    spans += [output.size(turning.size)] if turning.size else []
    return f"{text}, another one after {' or '.join(spans)}"


def _kept(place: OutputOptions) -> str:
    """Say how much of the finished files is kept; empty for all."""
    keep = place.kept
    if keep is None:
        return ""
    texts = [output.duration(keep.nanoseconds / NANOSECONDS)] if keep.nanoseconds else []
    texts += [f"{output.size(keep.size)} in all"] if keep.size else []
    return f"for {' and '.join(texts)} at most" if keep.nanoseconds else f"{texts[0]} at most"


def _end(options: FeedOptions) -> str:
    limits = options.limits
    ends = [
        f"after {output.duration(limits.duration)}" if limits.duration else "",
        f"after {output.count(limits.max_frames, 'frame')}" if limits.max_frames else "",
    ]
    return " or ".join(filter(None, ends)) or "when it is told to"


def _disk(place: OutputOptions) -> str:
    kept = f"{output.size(place.min_free)} are left free, " if place.min_free else ""
    return f"{kept}waits {output.duration(place.disk_patience)} for one that is full"


def _once(rows: list[list[str]]) -> list[list[str]]:
    """Return rows without names that are those of the row before."""
    return [
        [first, "" if number and rows[number - 1][1] == name else name, text]
        for number, (first, name, text) in enumerate(rows)
    ]


def _venue_limits(limits: Mapping[str, Any]) -> list[str]:
    rates = [
        f"{limits[key]} {noun} a second"
        for key, noun in (("connections_per_second", "connections"), ("messages_per_second", "messages"))
        if limits[key]
    ]
    return [*([", ".join(rates)] if rates else []), *limits["others"]]
