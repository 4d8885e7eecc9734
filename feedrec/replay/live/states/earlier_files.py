"""
What the files of a run but the last ones have led to: by their indexes, since a run may be weeks old.

So no more of them is read than for a late client of a replay: for a book, what came since its last snapshot or
checkpoint; for a ticker, the last one.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path

from ....errors import RecordingError
from ....feeds.state.dumped_state import dump_rules
from ....feeds.venue import FeedState, Key, VenueFeed
from ....formats.line.index import Index
from ...timeline.timeline import Timeline
from ...venue.rebuild import Position, Rebuilder
from .run_state import RunState

__all__ = ["state_by_indexes"]


def state_by_indexes(feed: VenueFeed, paths: Sequence[Path], stopped: threading.Event) -> RunState | None:
    """
    Return the state after finished files that follow each other.

    Args:
        feed: The feed. If it has no books, its files are small, and nobody has said which keys its states have.
        paths: The files.
        stopped: Ends the work early when set; what is returned is of no use then.

    Returns:
        None if all of them must be read to know it.

    """
    timeline = Timeline(paths, describe=feed.describe, describe_all=getattr(feed, "describe_all", None))
    try:
        indexes = [index for index in timeline.indexes() if index is not None]
        keys = _keys_in(indexes)
        if len(indexes) < len(paths) or any(not channel for channel, _ in keys) or dump_rules(feed) is None:
            return None
        state = RunState(feed)
        is_known = state.adopt(keys, partial(_states, Rebuilder(timeline, feed), indexes, stopped))
    except RecordingError:
        return None  # whoever reads all of them reports it
    return state if is_known else None


def _keys_in(indexes: Collection[Index]) -> set[Key]:
    """Return what the frames of files are about."""
    return {(channel, product) for index in indexes for channel, of in index.products.items() for product in of}


def _states(
    rebuilder: Rebuilder, indexes: Sequence[Index], stopped: threading.Event, wanted: frozenset[Key]
) -> Sequence[FeedState]:
    """Return states that keep what is wanted, as of the end of all files."""
    last = max((block.last or 0 for index in indexes for block in index.blocks), default=0)
    end = Position(sum(index.lines for index in indexes), [], last, last + 1)
    return rebuilder.states(wanted, end, stopped)
