"""
Where the rebuilding of a state starts: from a state that is known at a place, or from an empty one at a snapshot.

A `Start` is all that going on needs: what the state is once the lines before its place are past. Whoever knows such
states is a `Starts`. There is one here, of what was rebuilt lately; another one may read them from files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import NamedTuple, Protocol

from ...feeds.venue import FeedState, Key
from ..timeline.past import Place, is_at_or_before

__all__ = ["RecentStates", "Start", "Starts"]

_MOST = 8


class Start(NamedTuple):
    """
    A state, and where it is that of.

    Attributes:
        place: How many lines of each recording are past there.
        state: What all frames of these leave of what it is wanted to keep, and nothing else; its own copy.

    """

    place: Place
    state: FeedState


class Starts(Protocol):
    """States that are known at some places of a timeline."""

    def latest(self, keys: Collection[Key], place: Place) -> Start | None:
        """
        Return the latest known state of all these keys at or before a place; None if there is none.

        Whoever asks goes on with it: it must be a copy.
        """


class RecentStates:
    """The last few states that were rebuilt, by what they keep."""

    def __init__(self) -> None:
        self._starts: OrderedDict[frozenset[Key], Start] = OrderedDict()

    def latest(self, keys: Collection[Key], place: Place) -> Start | None:
        """See `Starts`."""
        known = self._starts.get(frozenset(keys))
        if known is None or not is_at_or_before(known.place, place):
            return None
        return Start(known.place, known.state.copy())

    def keep(self, keys: Collection[Key], start: Start) -> None:
        """Keep a state, which nobody may change from now on, in place of an earlier one of these keys."""
        wanted = frozenset(keys)
        self._starts[wanted] = start
        self._starts.move_to_end(wanted)
        if len(self._starts) > _MOST:
            self._starts.popitem(last=False)
