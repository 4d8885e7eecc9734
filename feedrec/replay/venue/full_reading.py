"""
A state from all frames since a snapshot: of feeds that do not say what their states need, or without an index.

The last few states are remembered, and a later position goes on from there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from ...feeds.venue import FeedState, Key, VenueFeed
from ..timeline.snapshot_search import latest_snapshots
from ..timeline.timeline import Timeline
from .position import Position

__all__ = ["FullReading"]

_MOST = 8


class _Known(NamedTuple):
    """The state at a line, and a time before which all lines are past there."""

    line: int
    sure_time: int
    state: FeedState


class FullReading:
    """
    Reads everything from the last snapshots that the indexes know of, from where it did before, or from the beginning.

    Args:
        timeline: What to read.
        feed: Whose states they are.
        pause: Called after each small piece of work.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, pause: Callable[[], object]) -> None:
        self._timeline = timeline
        self._feed = feed
        self._pause = pause
        self._known: OrderedDict[frozenset[Key], _Known] = OrderedDict()

    def state_of(
        self, wanted: frozenset[Key], empty: FeedState, position: Position, stopped: threading.Event
    ) -> FeedState:
        """
        Return a copy of the state of what is wanted, before the line of a position.

        Args:
            wanted: What it keeps.
            empty: A state that has seen nothing.
            position: Where in the timeline.
            stopped: Ends the work early when set.

        Raises:
            RecordingError: If the recordings cannot be read that far.

        """
        sure_time = position.sure_time if self._timeline.is_in_wall_order else 0
        known = self._known.pop(wanted, None)  # it is kept again only if all of the way here was read
        if known is None or known.line > position.line:
            known = _Known(0, self._start_of(wanted, position, sure_time), empty)
        state = known.state
        if known.line < position.line:
            for batch in self._timeline.scan(position.line, stopped, known.line, known.sure_time):
                for frame, info in zip(batch.frames, batch.infos, strict=True):
                    state.apply(info, frame.payload)
                self._pause()
        if not stopped.is_set():
            self._known[wanted] = _Known(position.line, sure_time, state)
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return state.copy()

    def _start_of(self, wanted: frozenset[Key], position: Position, sure_time: int) -> int:
        """Return the time of a line from which on everything that is wanted can be rebuilt."""
        if not position.line:
            return 0  # there is nothing to read, and no index to look at
        last_tells = getattr(self._feed, "last_tells", ())
        return latest_snapshots(self._timeline.indexes(), wanted, position.line, sure_time, last_tells)
