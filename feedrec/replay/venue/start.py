"""
Where the rebuilding of a state starts: from a state that is known at a place, or from an empty one at a snapshot.

A `Start` is all that going on needs: what the state is once the lines before its place are past. Whoever knows such
states is a `Starts`. There is one here, of what was rebuilt lately; another one may read them from files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import Generic, NamedTuple, Protocol, TypeVar

from ...feeds.venue import FeedState, Key
from ..timeline.past import Place, is_at_or_before

__all__ = ["Recent", "RecentStates", "Start", "Starts"]

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


class Placed(Protocol):
    """What is known at a place."""

    @property
    def place(self) -> Place:
        """See `Start`."""


_Known = TypeVar("_Known", bound=Placed)


class Recent(Generic[_Known]):
    """What was found out lately, by the keys that it is about: the last few."""

    def __init__(self) -> None:
        self._known: OrderedDict[frozenset[Key], _Known] = OrderedDict()

    def known(self, keys: Collection[Key], place: Place) -> _Known | None:
        """Return what is known of just these keys at or before a place; None if that is nothing."""
        known = self._known.get(frozenset(keys))
        return known if known is not None and is_at_or_before(known.place, place) else None

    def keep(self, keys: Collection[Key], known: _Known) -> None:
        """Keep something, which nobody may change from now on, in place of what was known earlier of these keys."""
        wanted = frozenset(keys)
        self._known[wanted] = known
        self._known.move_to_end(wanted)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


class RecentStates(Recent[Start]):
    """The last few states that were rebuilt, by what they keep."""

    def latest(self, keys: Collection[Key], place: Place) -> Start | None:
        """See `Starts`."""
        known = self.known(keys, place)
        return None if known is None else Start(known.place, known.state.copy())
