"""
The state of a market at some position of the timeline, rebuilt from the recordings.

Nothing is followed while it is not needed: when a client subscribes late, the recordings are read again. With indexes,
and a feed that says what its states need, only what is needed is read: see `gathering`. Otherwise everything is, from
the last snapshots that the indexes know of, or from the beginning.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence

from ...feeds.state.need import Need, Since, needs_of
from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedState, Key, VenueFeed
from ..timeline.past import Past, UnknownPastError
from ..timeline.timeline import Timeline
from .full_reading import FullReading
from .gathering import Gathering, LastFrames
from .position import Position
from .start import Recent, RecentStates, Start
from .written_states import WrittenStates

__all__ = ["Position", "Rebuilder", "snapshot_in"]


class Rebuilder:
    """
    Rebuilds states, one after another, and remembers the last few of those that take long.

    Args:
        timeline: What to read.
        feed: Makes the states.
        pause: Called after each small piece of work; a thread beside an event loop sleeps in it.
        written: States of this timeline that are written down; None for those beside the recordings.

    """

    def __init__(
        self,
        timeline: Timeline,
        feed: VenueFeed,
        pause: Callable[[], object] = lambda: None,
        written: WrittenStates | None = None,
    ) -> None:
        self._timeline = timeline
        self._feed = feed
        self._pause = pause
        self._recent = RecentStates()
        self._last_frames = Recent[LastFrames]()
        self._written = written or WrittenStates(timeline, feed)
        self._reading = FullReading(timeline, feed, pause)
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
        states = self.states(wanted, position, stopped)
        return {key: snapshot_in(states, key, position.time) for key in wanted}

    def states(self, wanted: frozenset[Key], position: Position, stopped: threading.Event) -> Sequence[FeedState]:
        """
        Return states as of a position, of which each keeps a part of what is wanted; they are the caller's.

        Args:
            wanted: Channels and products.
            position: Where in the timeline.
            stopped: Ends the work early when set; what is returned is of no use then.

        Raises:
            RecordingError: If the recordings cannot be read that far.

        """
        with self._lock:
            states = self._states_at(wanted, position, stopped)
            if stopped.is_set():
                return []
            for payload in position.since:
                info = self._feed.describe(payload)
                for state in states:
                    state.apply(info, payload)
            return states

    def _states_at(self, wanted: frozenset[Key], position: Position, stopped: threading.Event) -> list[FeedState]:
        """Return states as of the line of a position, of which each keeps a part of what is wanted."""
        state = new_state(self._feed, wanted)
        if state is None:
            return []
        needs = needs_of(state) if position.line else []
        if needs is not None:
            with contextlib.suppress(UnknownPastError):
                return self._gathered(needs, position, stopped) or [state]
        return [self._reading.state_of(wanted, state, position, stopped)]

    def _gathered(self, needs: Sequence[Need], position: Position, stopped: threading.Event) -> list[FeedState]:
        """Return states of what is needed, by the indexes; raises `UnknownPastError` if they do not tell."""
        if not needs:
            return []
        states: list[FeedState] = []
        with Past(self._timeline, position.line, position.sure_time) as past:
            gathering = Gathering(past, self._feed, stopped, self._pause)
            for since, group in itertools.groupby(sorted(needs, key=_since), _since):
                some = list(group)
                if since == "settled":
                    states.append(gathering.settled(some, self._last_frames))
                    continue
                state = gathering.followed(some, [self._recent, self._written])
                if not stopped.is_set():
                    keys = [need.key for need in some]
                    self._recent.keep(keys, Start(past.place, state))
                    self._written.keep(keys, gathering.begin(some), past.place, state)
                states.append(state.copy())
            is_whole = past.is_whole
        if not is_whole:
            for batch in self._timeline.scan(position.line, stopped, 0, position.sure_time):
                for frame, info in zip(batch.frames, batch.infos, strict=True):
                    for state in states:
                        state.apply(info, frame.payload)
        return states


def _since(need: Need) -> Since:
    return need.since


def snapshot_in(states: Sequence[FeedState], key: Key, time: int) -> bytes | None:
    """Return the snapshot of a key as of a time that one of some states has; None if none of them has it."""
    found = (state.snapshot(*key, time) for state in states)
    return next((snapshot for snapshot in found if snapshot is not None), None)
