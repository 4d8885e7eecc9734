"""
The state of a market at some position of the timeline, rebuilt from the recordings.

Nothing is followed while it is not needed: when a client subscribes late, the recordings are read again, from the last
snapshots that their indexes know of, from where the same was rebuilt before, or from their beginning.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedState, Key, VenueFeed
from ..timeline.snapshot_search import latest_snapshots
from ..timeline.timeline import Timeline

__all__ = ["Position", "Rebuilder"]

_CHECKPOINTS = 8


class Position(NamedTuple):
    """
    A place in the timeline.

    Attributes:
        line: All lines before this one are past.
        since: Text frames at and after that line that are past as well.
        time: The recorded time there, in nanoseconds.
        sure_time: A time in nanoseconds before which all lines are past.

    """

    line: int
    since: list[bytes]
    time: int
    sure_time: int = 0


class _Checkpoint(NamedTuple):
    """The state at a line, and a time before which all lines are past there."""

    line: int
    sure_time: int
    state: FeedState | None


class Rebuilder:
    """
    Rebuilds states, one after another, and remembers the last few as checkpoints.

    Args:
        timeline: What to read.
        feed: Makes the states.
        pause: Called after each small piece of work; a thread beside an event loop sleeps in it.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, pause: Callable[[], object] = lambda: None) -> None:
        self._timeline = timeline
        self._feed = feed
        self._pause = pause
        self._checkpoints: OrderedDict[frozenset[Key], _Checkpoint] = OrderedDict()
        self._lock = threading.Lock()

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event
    ) -> Mapping[Key, bytes | None]:
        """
        Return the snapshots of what is wanted, as of a position; None where there is none yet.

        Args:
            wanted: Channels and products.
            position: Where in the timeline.
            stopped: Ends the work early when set; what is returned is of no use then.

        Raises:
            RecordingError: If the recordings cannot be read that far.

        """
        with self._lock:
            state = self._state_before(wanted, position, stopped)
            if state is None or stopped.is_set():
                return dict.fromkeys(wanted)
            if position.since:
                state = state.copy()  # the checkpoint stays where it is
            for payload in position.since:
                state.apply(self._feed.describe(payload), payload)
            return {key: state.snapshot(*key, position.time) for key in wanted}

    def _start_of(self, wanted: frozenset[Key], position: Position, sure_time: int) -> int:
        """Return the time of a line from which on everything that is wanted can be rebuilt."""
        if not position.line:
            return 0  # there is nothing to read, and no index to look at
        last_tells = getattr(self._feed, "last_tells", ())
        return latest_snapshots(self._timeline.indexes(), wanted, position.line, sure_time, last_tells)

    def _state_before(self, wanted: frozenset[Key], position: Position, stopped: threading.Event) -> FeedState | None:
        sure_time = position.sure_time if self._timeline.is_in_wall_order else 0
        known = self._checkpoints.pop(wanted, None)  # it is kept again only if all of the way here was read
        if known is None or known.line > position.line:
            known = _Checkpoint(0, self._start_of(wanted, position, sure_time), new_state(self._feed, wanted))
        state = known.state
        if state is None:
            return None
        if known.line < position.line:
            for batch in self._timeline.scan(position.line, stopped, known.line, known.sure_time):
                for frame, info in zip(batch.frames, batch.infos, strict=True):
                    state.apply(info, frame.payload)
                self._pause()
        if not stopped.is_set():
            self._checkpoints[wanted] = _Checkpoint(position.line, sure_time, state)
            if len(self._checkpoints) > _CHECKPOINTS:
                self._checkpoints.popitem(last=False)
        return state
