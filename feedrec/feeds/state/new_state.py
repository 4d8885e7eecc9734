"""Making a state, and refusing one that a plug-in wrote for an earlier contract."""

from __future__ import annotations

from collections.abc import Collection
from inspect import isgeneratorfunction

from ...errors import UsageError
from ..venue import FeedState, Key, VenueFeed

__all__ = ["EARLIER_CONTRACT", "new_state"]

EARLIER_CONTRACT = (
    "is written for feedrec 0.1: apply(info, payload) must change the state and return None, and "
    "snapshot(channel, product, time) return bytes or None"
)
"""What to say of a state whose methods do their work only while somebody iterates what they return."""


def new_state(feed: VenueFeed, wanted: Collection[Key] | None) -> FeedState | None:
    """
    Return an empty state of a feed; see `VenueFeed.state`.

    Raises:
        UsageError: If it has the methods that feedrec 0.1 demanded, which did their work in steps.

    """
    state = feed.state(wanted)
    if state is not None and _is_earlier(state):
        raise UsageError(f"the state of feed {feed.name!r} {EARLIER_CONTRACT}")
    return state


def _is_earlier(state: FeedState) -> bool:
    methods = {name: getattr(state, name, None) for name in ("apply", "apply_all", "snapshot", "clear")}
    if methods["apply"] is None or (methods["apply_all"] and methods["clear"]):
        return True
    return any(map(isgeneratorfunction, methods.values()))
