"""What `feedrec record` calls its files: a name that was chosen, a template, or one that is made up."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...feeds import Feed, Subscription
    from ...formats.file.naming.template import Template
    from ...formats.file.naming.template_names import TemplateNames
    from ...recorder import Source

__all__ = ["default_name", "made_up_names", "names_from"]


def names_from(template: Template, source: Source) -> TemplateNames:
    """
    Return the names that a template gives the files of a run: with the channels and products that were asked for.

    Raises:
        UsageError: If they would be too long.

    """
    from ...formats.file.naming.safe_names import joined_names, safe_name
    from ...formats.file.naming.template_names import TemplateNames

    by_pattern = {one.channel: one for one in source.patterns}
    asked = [by_pattern.get(one.channel, one) for one in source.subscriptions]
    products = [product for one in asked for product in one.products]
    values = {
        "endpoint": safe_name(source.feed.name),
        "channel": joined_names(_channels(source.feed, asked), "channels"),
        "product": joined_names(products, "products"),
        "shard": "1" if source.shard is None else str(source.shard.number),
    }
    return TemplateNames(template, values)


def made_up_names(folder: Path, source: Source, suffix: str) -> TemplateNames:
    """Return the names that are made up in a folder, at whatever time, as `default_name` does."""
    from ...formats.file.naming.template import parse_template

    literal = str(folder).replace("{", "{{").replace("}", "}}")
    return names_from(parse_template(f"{literal}/", suffix), source)


def default_name(
    feed: Feed, subscriptions: Sequence[Subscription], second: int, number: int = 1, suffix: str = ""
) -> str:
    """Name a recording after its endpoint, channels and start; `number` distinguishes those of the same second."""
    channels = _channels(feed, subscriptions)
    named = "+".join(channels) if len(channels) <= 4 else f"{len(channels)}-channels"
    parts = [feed.name, *filter(None, [named])]
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
    tail = f"-{number}" if number > 1 else ""
    return re.sub(r"[^\w.+@-]", "-", f"{'_'.join(parts)}_{stamp}{tail}{suffix}")


def _channels(feed: Feed, subscriptions: Sequence[Subscription]) -> list[str]:
    """Return what was asked for, without heartbeats beside it."""
    return [item.channel for item in subscriptions if item.channel != feed.heartbeat_channel or len(subscriptions) == 1]
