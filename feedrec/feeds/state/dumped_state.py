"""A state that can be written down, so that nobody needs to read what it was gathered from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import NamedTuple, Protocol, cast

from ...model import FrameInfo
from ..venue import FeedState, Key, VenueFeed
from .need import Look, needs_of
from .new_state import new_state

__all__ = ["DumpRules", "DumpedState", "dump_rules", "state_to_dump"]


class DumpedState(FeedState, Protocol):
    """
    A state of which some channels can be written down and read again; what a plug-in lacks of this, it need not have.

    Only what is public belongs into what is dumped: it is kept beside the recording, and in the user's cache folder.

    Attributes:
        dumped_channels: These channels, as frames are described. A frame of one whose kind is `snapshot` replaces all
            that was known of its products.
        version: Changes whenever `apply` makes something else of the same frames, or `dump` writes it differently.

    """

    dumped_channels: Collection[str]
    version: int

    def dump(self, channel: str, product: str) -> bytes | None:
        """Return what is known of a channel and product, the same bytes for the same; None if that is nothing."""

    def load(self, channel: str, product: str, dumped: bytes) -> None:
        """
        Take what was dumped in place of what is known of a channel and product.

        Raises:
            ValueError: If it is not what `dump` returns.

        """


def state_to_dump(feed: VenueFeed, wanted: Collection[Key] | None) -> DumpedState | None:
    """
    Return an empty state of a feed, if some channels of it can be written down; otherwise None.

    Raises:
        UsageError: As `new_state` does.

    """
    state = new_state(feed, wanted)
    can_dump = all(hasattr(state, name) for name in ("dumped_channels", "version", "dump", "load"))
    return cast(DumpedState, state) if can_dump and cast(DumpedState, state).dumped_channels else None


class DumpRules(NamedTuple):
    """
    How states of an endpoint are written down.

    Attributes:
        kind: The endpoint and the version of its states.
        channels: The channels that are written down.
        describe: Describes a payload.
        looks: Returns what frames of these channels and products look like: bytes that are all in one.
        make: Returns an empty state that keeps these channels and products.

    """

    kind: str
    channels: Collection[str]
    describe: Callable[[bytes], FrameInfo]
    looks: Callable[[Collection[Key]], Collection[Look]]
    make: Callable[[Collection[Key]], DumpedState | None]


def dump_rules(feed: VenueFeed | None) -> DumpRules | None:
    """Return how states of a feed are written down; None if they are not. It raises as `state_to_dump` does."""
    state = None if feed is None else state_to_dump(feed, None)
    if feed is None or state is None:
        return None
    kind, make = f"{feed.name} {state.version}", partial(state_to_dump, feed)
    return DumpRules(kind, state.dumped_channels, feed.describe, partial(_looks_of, feed), make)


def _looks_of(feed: VenueFeed, keys: Collection[Key]) -> Collection[Look]:
    """Return what frames of some keys look like, whatever their product: there may be a thousand of these."""
    state = state_to_dump(feed, keys)
    needs = None if state is None else needs_of(state)
    return {()} if needs is None else {look[:1] for need in needs for look in need.looks}
