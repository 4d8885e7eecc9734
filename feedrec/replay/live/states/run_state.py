"""The state that the lines of one run have led to so far."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import cast

from ....feeds.state.keyed_state import KeyedState
from ....feeds.state.need import needs_of
from ....feeds.state.new_state import new_state
from ....feeds.venue import FeedState, Key, VenueFeed
from ....formats.facts.repeats import Repeats
from ....formats.line.fast_path import ReceivedFrames
from ....model import Frame, FrameInfo, Record, kinds_of

__all__ = ["RunState"]


class RunState:
    """
    Takes in the lines of a run, all of them in their order, as a replay does for a client that comes late.

    What two connections have brought both counts once. Everything is kept, also what a state keeps only where it is
    wanted by name: of those channels, it is wanted of each product from its first frame on.

    Args:
        feed: The feed.

    """

    def __init__(self, feed: VenueFeed) -> None:
        self._feed = feed
        self._received = ReceivedFrames(feed.describe, describe_all=getattr(feed, "describe_all", None))
        self._repeats = Repeats()
        self._states = list[FeedState]()
        self.forget()

    def forget(self) -> None:
        """Know nothing any more: lines are missing here."""
        state = None if not hasattr(self._feed, "state") else new_state(self._feed, None)
        self._state = state
        self._by_name: KeyedState | None = None
        self._names = tuple(getattr(state, "channels_by_name", ()))
        self._channels: frozenset[str] | None = frozenset()  # of frames that `_by_name` takes in; None for all
        self._products = set[str]()

    def take(self, lines: Sequence[bytes], *, without_synthetic: bool = False) -> None:
        """
        Take in the next lines.

        Args:
            lines: The lines, without their line feeds.
            without_synthetic: Whether to leave out synthetic frames: what they tell is known.

        Raises:
            LineError: If one of them is not a line of a recording; then it has taken in none of them.

        """
        if self._state is None:
            return
        others, places = list[Record](), list[int]()
        received = self._received.decode_columns(lines, others, places)
        frames, infos = self._repeats.those_that_count(*received, others, places)
        kept = [not (frame.binary or (without_synthetic and frame.synthetic)) for frame in frames]
        if not all(kept):
            described = [one for one in zip(frames, infos, kept, strict=True) if one[2]]
            frames, infos = [frame for frame, _, _ in described], [info for _, info, _ in described]
        if frames:
            self._apply(self._state, frames, infos)

    def adopt(self, keys: Collection[Key], states_of: Callable[[frozenset[Key]], Sequence[FeedState]]) -> bool:
        """
        Know what lines have led to that are not taken in, in place of what it knows of them.

        Args:
            keys: The channels and products of all frames among them, as frames are described.
            states_of: Returns states that keep some keys, each a part of them.

        Returns:
            Whether it does: a state that is not keyed must take in all lines.

        """
        state = self._state
        if not isinstance(state, KeyedState):
            return False
        wanted = frozenset(key for key in keys if key[0] not in self._names)
        for part in states_of(wanted):
            state.values |= cast(KeyedState, part).values
        if self._names:
            self._want({product for _, product in keys if product})
        if self._by_name is not None and self._by_name.wanted:
            for part in states_of(self._by_name.wanted):
                self._by_name.values |= cast(KeyedState, part).values
        return True

    def snapshot(self, key: Key, time: int) -> bytes | None:
        """Return what a new subscriber of a channel and product gets first, as of a time; None if there is nothing."""
        for state in (self._state, self._by_name):
            found = None if state is None else state.snapshot(*key, time)
            if found is not None:
                return found
        return None

    def _apply(self, state: FeedState, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> None:
        if self._names:
            self._apply_by_name(frames, infos)
        apply_run = getattr(state, "apply_run", None)
        if apply_run is not None:
            payloads = [frame.payload for frame in frames]
            apply_run(payloads, _Known(payloads, infos))
            return
        for info, frame in zip(infos, frames, strict=True):
            state.apply(info, frame.payload)

    def _apply_by_name(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> None:
        kinds = kinds_of(infos)
        products = {product for info in kinds for product in info.products}
        if not products <= self._products or self._by_name is None:
            self._want(products)
        state, channels = self._by_name, self._channels
        if state is None or (channels is not None and not any(info.channel in channels for info in kinds)):
            return
        for info, frame in zip(infos, frames, strict=True):
            if channels is None or info.channel in channels:
                state.apply(info, frame.payload)

    def _want(self, products: set[str]) -> None:
        """Keep what is wanted by name of further products."""
        self._products |= products
        wanted = {(channel, product) for channel in self._names for product in ("", *self._products)}
        state, before = new_state(self._feed, wanted), self._by_name
        if isinstance(state, KeyedState):
            if before is not None:
                state.values |= before.values
            needs = needs_of(state)
            is_any = needs is None or not all(need.channels for need in needs)
            self._channels = None if is_any else frozenset(name for need in needs or () for name in need.channels)
            self._by_name = state


class _Known:
    """Describes payloads that were described: some of them, in their order."""

    def __init__(self, payloads: Sequence[bytes], infos: Sequence[FrameInfo]) -> None:
        self._payloads, self._infos, self._next = payloads, infos, 0

    def __call__(self, payload: bytes) -> FrameInfo:
        """Return what one is."""
        while self._payloads[self._next] is not payload:
            self._next += 1
        return self._infos[self._next]
