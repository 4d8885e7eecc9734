"""
A state from the frames that it needs, which are few: the last ones of each key, and those since a snapshot or a start.

Keys that the last frames settle are looked for from the position back, until all of them are settled. For all others,
reading begins at the latest start there is, and goes on to the position. Both read only blocks that may have such
frames, and decode only lines that look like them.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple, cast

from ...feeds.state.need import Look, Need
from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedState, VenueFeed
from ...model import FrameInfo
from ..timeline.past import Past, Place
from .start import Recent, Start, Starts

__all__ = ["Gathering", "LastFrames", "looks_in"]

Described = tuple[FrameInfo, bytes]

_MOST_KEPT = 1000  # frames that are remembered of one search


class LastFrames(NamedTuple):
    """
    The last frames of some keys before a place.

    Attributes:
        place: The place.
        frames: The frames, from the last one back: all that there are, or as many as settle everything.

    """

    place: Place
    frames: Sequence[Described]


class Gathering:
    """
    Gathers what is needed of the past.

    Args:
        past: The past.
        feed: Makes states.
        stopped: Ends the work early when set; what is returned is of no use then.
        pause: Called after each small piece of work.

    """

    def __init__(self, past: Past, feed: VenueFeed, stopped: threading.Event, pause: Callable[[], object]) -> None:
        self._past = past
        self._feed = feed
        self._stopped = stopped
        self._pause = pause

    def settled(self, needs: Collection[Need], recent: Recent[LastFrames]) -> FeedState:
        """
        Return the state that the last frames leave, of what they settle.

        Args:
            needs: What it keeps.
            recent: What earlier searches found, and where this one's findings are kept: a product that was traded long
                ago is looked for once.

        """
        keys = [need.key for need in needs]
        last = self._search(needs, recent.known(keys, self._past.place))
        if not self._stopped.is_set() and len(last.frames) <= _MOST_KEPT:
            recent.keep(keys, last)
        state: FeedState = _state(self._feed, needs)
        for info, payload in reversed(last.frames):
            state.apply(info, payload)
        return state

    def _search(self, needs: Collection[Need], known: LastFrames | None) -> LastFrames:
        """Look for the last frames back to where they are known, and go on with those."""
        past = self._past
        searches = [_Search(need, self._feed) for need in needs if past.may_have(need.channels, need.product)]
        found: list[Described] = []
        back = past.frames_back(
            lambda channels: self._looks(_open(searches), channels), past.beginning if known is None else known.place
        )
        for frame in itertools.chain(back, () if known is None else known.frames):
            if all(search.is_over for search in searches):
                break
            takes = [search.take(frame) for search in searches if not search.is_over]
            if any(takes):
                found.append(frame)
        return LastFrames(past.place, found)

    def followed(self, needs: Sequence[Need], starts: Sequence[Starts]) -> FeedState:
        """
        Return the state of what must be followed from some place on.

        Args:
            needs: What it keeps.
            starts: Where to look for a state to start from, before snapshots are.

        """
        start = self._start(needs, starts)
        state: Any = start.state  # that of a feed that says what it needs takes in runs
        for payloads in self._past.payloads_since(start.place, lambda channels: self._looks(needs, channels)):
            state.apply_run(payloads, self._feed.describe)
        return cast(FeedState, state)

    def _start(self, needs: Sequence[Need], starts: Sequence[Starts]) -> Start:
        """Return the latest start of all that is needed; at the end if nothing will be known of any."""
        past = self._past
        keys = [need.key for need in needs]
        known = [start for one in starts if (start := one.latest(keys, past.place)) is not None]
        begin = self.begin(needs)
        if begin != past.place or not known:
            known.append(Start(begin, _state(self._feed, needs)))
        return max(known, key=lambda start: sum(start.place))

    def begin(self, needs: Collection[Need]) -> Place:
        """Return from where on frames are needed if no state is known; the end if none will tell anything."""
        places = [place for need in needs if (place := self._first_place(need)) is not None]
        return tuple(map(min, zip(*places, strict=True))) if places else self._past.place

    def _first_place(self, need: Need) -> Place | None:
        """Return from where on frames are needed; None if none will tell anything."""
        past = self._past
        if not past.may_have(need.channels, need.product):
            return None
        place = None if need.since == "beginning" else past.place_of_snapshot((need.key[0], need.product))
        return past.beginning if place is None and need.since != "snapshot" else place

    def _looks(self, needs: Collection[Need], channels: Collection[str]) -> list[Look]:
        """Return what `looks_in` does; nothing any more if the work is to end."""
        self._pause()
        return [] if self._stopped.is_set() else looks_in(needs, channels)


class _Search:
    """
    The search for the last frames of one key.

    Attributes:
        need: What is looked for.
        is_over: Whether those that were taken settle it.

    """

    def __init__(self, need: Need, feed: VenueFeed) -> None:
        self.need = need
        self.is_over = False
        self._feed = feed
        self._taken: list[Described] = []
        self._next_look = 1

    def take(self, frame: Described) -> bool:
        """Take the frame before those that were taken; return whether it is one of those that are needed."""
        info, _ = frame
        need = self.need
        if (need.channels and info.channel not in need.channels) or (
            need.product and need.product not in info.products
        ):
            return False
        self._taken.append(frame)
        if len(self._taken) >= self._next_look:
            self._next_look *= 2  # so that all looks together take no longer than twice the last one
            self.is_over = self._is_settled()
        return True

    def _is_settled(self) -> bool:
        state = _state(self._feed, [self.need])
        for info, payload in reversed(self._taken):
            state.apply(info, payload)
        return bool(state.is_settled(*self.need.key))


def looks_in(needs: Collection[Need], channels: Collection[str]) -> list[Look]:
    """Return what frames look like that are needed, and may be in a block with frames of these channels."""
    may_be_any = "" in channels  # nothing was known about some of them when they were recorded
    return [
        look
        for need in needs
        if may_be_any or (channels and not need.channels) or any(channel in channels for channel in need.channels)
        for look in need.looks
    ]


def _open(searches: Collection[_Search]) -> list[Need]:
    return [search.need for search in searches if not search.is_over]


def _state(feed: VenueFeed, needs: Collection[Need]) -> Any:
    """Return an empty state that keeps what is needed; that of a feed that says so always is one."""
    return new_state(feed, [need.key for need in needs])
