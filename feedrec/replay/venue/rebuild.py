"""
The state of a market at some position of the timeline, rebuilt in a thread.

Nothing is followed while it is not needed: when a client subscribes late, the recordings are read again, from the last
snapshots that their indexes know of, from where the same was rebuilt before, or from their beginning. The thread does
its work in small steps and lets others run between them, so other clients are not kept waiting.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from ...feeds.venue import FeedState, Key, VenueFeed
from ...model import Frame, FrameInfo
from ..timeline.snapshot_search import latest_snapshots
from ..timeline.timeline import Timeline

__all__ = ["Position", "Rebuilder"]

_CHECKPOINTS = 8
_PAUSE = 1e-6  # seconds: a thread that only yields gets the interpreter lock back before another one wakes

T = TypeVar("T")


class Position(NamedTuple):
    """
    A place in the timeline.

    Attributes:
        line: All lines before this one are past.
        since: Frames at and after that line that are past as well, with what they are.
        time: The recorded time there, in nanoseconds.
        sure_time: A time in nanoseconds before which all lines are past.

    """

    line: int
    since: list[tuple[Frame, FrameInfo]]
    time: int
    sure_time: int = 0


class Rebuilder:
    """
    Rebuilds states, and remembers the last few as checkpoints.

    Args:
        timeline: What to read.
        feed: Makes the states.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed) -> None:
        self._timeline = timeline
        self._feed = feed
        self._checkpoints: OrderedDict[frozenset[Key], tuple[int, FeedState]] = OrderedDict()
        self._lock = threading.Lock()

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event
    ) -> Mapping[Key, bytes | None]:
        """
        Give the snapshots of what is wanted, as of a position; None where there is none yet. For a thread.

        Args:
            wanted: Channels and products.
            position: Where in the timeline.
            stopped: Ends the work early when set; what comes back is of no use then.

        """
        state = self._state_before(wanted, position, stopped)
        if state is None:
            return dict.fromkeys(wanted)
        _apply(state, position.since)
        found = {key: _last(state.snapshot(*key, position.time)) for key in wanted}
        _last(state.clear())
        return found

    def _state_before(self, wanted: frozenset[Key], position: Position, stopped: threading.Event) -> FeedState | None:
        line = position.line
        known, state = self._checkpoint(wanted, line)
        start = 0
        if state is None:
            state = self._feed.state(wanted)
            start = latest_snapshots(self._timeline.indexes(), wanted, line, position.sure_time)
        if state is None or line == known:
            return state
        for run in self._timeline.scan(line, stopped, known, start):
            _apply(state, zip(run.frames, run.infos, strict=True))
            time.sleep(_PAUSE)
        if not stopped.is_set():
            self._keep(wanted, line, state.copy())
        return state

    def _keep(self, wanted: frozenset[Key], line: int, state: FeedState) -> None:
        with self._lock:
            gone = [self._checkpoints.pop(wanted, None)]
            self._checkpoints[wanted] = (line, state)
            if len(self._checkpoints) > _CHECKPOINTS:
                gone.append(self._checkpoints.popitem(last=False)[1])
        for checkpoint in gone:
            if checkpoint is not None:
                _last(checkpoint[1].clear())

    def _checkpoint(self, wanted: frozenset[Key], line: int) -> tuple[int, FeedState | None]:
        with self._lock:  # the copy as well: whoever takes the place of a checkpoint clears it
            known, state = self._checkpoints.get(wanted, (0, None))
            return (0, None) if state is None or known > line else (known, state.copy())


def _apply(state: FeedState, frames: Iterable[tuple[Frame, FrameInfo]]) -> None:
    _last(state.apply_all((info, frame.payload) for frame, info in frames))


def _last(steps: Iterable[T]) -> T | None:
    """Go through steps, letting other threads run after each; give the last."""
    last = None
    for last in steps:  # noqa: B007  the last one is what counts
        time.sleep(_PAUSE)
    return last
