"""
States that go on from the last position at which they were asked for.

Requests beside a feed come at positions that follow each other, mostly a few frames apart: to rebuild a state for each
of them, as for a client that subscribes late, takes as long as many of these answers together.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence

from ....feeds.venue import FeedState, Key, VenueFeed
from ....model import FrameInfo
from ...timeline.timeline import Timeline
from ...venue.position import Position
from ...venue.rebuild import Rebuilder, snapshot_in

__all__ = ["Following"]

_MOST_LINES = 2_000
"""Lines that are read to go on; further on, what is needed is found by the indexes."""

_MOST_KEYS = 1_000
"""Keys that are followed together; all of them are given up when there are more."""

_BEGINNING = Position(0, [], 0)


class Following:
    """
    Gives snapshots as of positions. It may be used by one thread at a time.

    Args:
        timeline: What to read.
        feed: Makes the states.
        rebuilder: Rebuilds a state to begin with.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, rebuilder: Rebuilder) -> None:
        self._timeline = timeline
        self._feed = feed
        self._rebuilder = rebuilder
        self._position = _BEGINNING
        self._states: dict[Key, Sequence[FeedState]] = {}

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event
    ) -> Mapping[Key, bytes | None]:
        """
        Return snapshots as of a position; see `Rebuilder.snapshots`.

        Raises:
            RecordingError: If the recordings cannot be read that far.

        """
        states, self._states = self._states, {}  # they are of no use if anything goes wrong on the way
        if not self._is_near(position) or len(states) + len(wanted) > _MOST_KEYS:
            states = {}
        if states:
            self._go_on({id(one): one for some in states.values() for one in some}.values(), position, stopped)
        unknown = frozenset(wanted.difference(states))
        if unknown:
            begun = self._rebuilder.states(unknown, position, stopped)
            states |= dict.fromkeys(unknown, begun)
        if stopped.is_set():
            return dict.fromkeys(wanted)
        self._states, self._position = states, position
        return {key: snapshot_in(states[key], key, position.time) for key in wanted}

    def _is_near(self, position: Position) -> bool:
        """Tell whether a position is the last one, or not far behind it."""
        lines = position.line - self._position.line
        if not lines:
            return len(position.since) >= len(self._position.since)
        return 0 < lines <= _MOST_LINES and self._timeline.is_in_wall_order

    def _go_on(self, states: Collection[FeedState], position: Position, stopped: threading.Event) -> None:
        for info, payload in self._between(position, stopped):
            for state in states:
                state.apply(info, payload)

    def _between(self, position: Position, stopped: threading.Event) -> Iterator[tuple[FrameInfo, bytes]]:
        """Yield the frames between the last position and one that is near."""
        line, known, _, sure_time = self._position
        past = len(known)
        if position.line > line:
            for batch in self._timeline.scan(position.line, stopped, line, sure_time):
                for frame, info in zip(batch.frames, batch.infos, strict=True):
                    if past and not frame.binary:
                        past -= 1
                    else:
                        yield info, frame.payload
        for payload in position.since[past:]:
            yield self._feed.describe(payload), payload
