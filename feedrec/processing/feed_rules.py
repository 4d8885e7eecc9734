"""What the feed of an endpoint knows about recorded frames."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..feeds.state.reach import Reach
    from ..feeds.venue import Key
    from ..formats.dedupe.dedupe import MakeTrackRule
    from ..formats.facts.sequence_check import Rules

__all__ = ["needed_before", "rules_for", "track_rule_for"]


def needed_before(endpoint: str, keys: Collection[Key]) -> list[tuple[Key, Reach]]:
    """Return which recorded frames the state of a market depends on; see `formats/catalogue/spans.py`."""
    from ..feeds import venue_of
    from ..feeds.state.reach import reaches_of

    feed = venue_of(endpoint)
    return [] if feed is None else reaches_of(feed, keys)


def rules_for(endpoint: str) -> Rules:
    """Return the rules by which the frames of an endpoint are read; of one that nobody knows, they say nothing."""
    from ..feeds import feed_of, rule_of
    from ..formats.facts.sequence_check import Rules

    feed = feed_of(endpoint)
    if feed is None:
        return Rules()
    return Rules(feed.describe, rule_of(feed), getattr(feed, "describe_all", None))  # which a plug-in need not have


def track_rule_for(endpoint: str) -> MakeTrackRule:
    """Return what makes the rule of what frames of two connections have in common; of some feeds, nothing is known."""
    from ..feeds import feed_of

    make = getattr(feed_of(endpoint), "track_rule", None)  # which a plug-in need not have
    return (lambda _channels: None) if make is None else make
