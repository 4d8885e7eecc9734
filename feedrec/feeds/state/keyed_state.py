"""State by channel and product: what is wanted is kept, and each value makes its own snapshot."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol, Self, cast

from ...model import Describe, FrameInfo
from ..venue import Key
from .need import Need

__all__ = ["KeyedState", "LastFrame", "Value"]


class Value(Protocol):
    """What is known of one channel and product."""

    def copy(self) -> Self:
        """Return an independent copy; a value that never changes may return itself."""

    def snapshot(self, time: int) -> bytes:
        """Return the message that a new subscriber gets first, as of `time` in nanoseconds."""


class LastFrame(NamedTuple):
    """The last frame, given as it was recorded."""

    payload: bytes

    def copy(self) -> Self:
        """Return itself: it never changes."""
        return self

    def snapshot(self, time: int) -> bytes:  # noqa: ARG002
        """Return the recorded bytes."""
        return self.payload


class KeyedState(ABC):
    """
    A value for each channel and product; see `FeedState`.

    A subclass says what a frame changes. It is not safe to be used from two threads at once.

    Args:
        wanted: The keys to keep; None for all.

    Attributes:
        wanted: See above.
        values: What is known, by key, in the order in which keys were first seen.
        dumped_channels: See `DumpedState`; the values of these have a `dump`, and a subclass has a
            `load_value`.
        version: See `DumpedState`.
        channels_by_name: Channels of which something is kept only where they are wanted by name.

    """

    dumped_channels: Collection[str] = ()
    channels_by_name: Collection[str] = ()
    version: int = 1

    def __init__(self, wanted: Collection[Key] | None = None) -> None:
        self.wanted = None if wanted is None else frozenset(wanted)
        self.values: dict[Key, Value] = {}

    @abstractmethod
    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """
        Take in a recorded frame; one that is not wanted or not understood changes nothing.

        Args:
            info: What `Feed.describe` returned for it.
            payload: The frame as recorded.

        """

    def apply_run(self, payloads: Sequence[bytes], describe: Describe) -> None:
        """Take in recorded frames that follow each other, as `apply` does with each, once it is described."""
        for payload in payloads:
            self.apply(describe(payload), payload)

    def needs(self) -> Sequence[Need] | None:
        """Return which frames can change what is wanted; None if that is not known: then it must take in all."""
        return None

    def is_settled(self, channel: str, product: str) -> bool:
        """Return whether what came before the frames that it took in cannot change its snapshot of a key any more."""
        return self.snapshot(channel, product, 0) is not None

    def keeps(self, channel: str, product: str) -> bool:
        """Return whether a key is wanted."""
        return self.wanted is None or (channel, product) in self.wanted

    def keys(self) -> list[Key]:
        """Return the keys for which there is a snapshot."""
        return list(self.values)

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the message that a new subscriber gets first, as of `time` in nanoseconds; None if there is none."""
        value = self.values.get((channel, product))
        return None if value is None else value.snapshot(time)

    def dump(self, channel: str, product: str) -> bytes | None:
        """Return what is known of a channel and product as bytes; see `DumpedState`."""
        value = self.values.get((channel, product))
        dump = getattr(value, "dump", None)
        return None if dump is None or channel not in self.dumped_channels else cast(bytes, dump())

    def load(self, channel: str, product: str, dumped: bytes) -> None:
        """Take what was dumped in place of what is known of a channel and product; see `DumpedState`."""
        if channel not in self.dumped_channels:
            raise ValueError(f"{channel} is not written down")
        self.values[channel, product] = self.load_value(channel, product, dumped)

    def load_value(self, channel: str, product: str, dumped: bytes) -> Value:
        """Return the value of a channel that is written down from its `dump`; raises ValueError if it is none."""
        raise NotImplementedError

    def copy(self) -> Self:
        """Return an independent copy; texts and bytes are shared."""
        other = copy.copy(self)
        other.values = {key: value.copy() for key, value in self.values.items()}
        return other
