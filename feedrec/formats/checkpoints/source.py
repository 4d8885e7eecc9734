"""What is written down of a market, by whose rules, and how often."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from ...model import FrameInfo
from ..line.index import Index

__all__ = ["LEAST_TEXT", "Spacing", "StateRules", "WrittenState", "keys_of"]

Key = tuple[str, str]

LEAST_TEXT = 64 << 20
"""Bytes of text between two checkpoints, at least."""

TIMES_STATE = 20
"""How many times the bytes of the state there are between two checkpoints, at least."""


class WrittenState(Protocol):
    """What is known of a market, by the rules of a feed; it may have `apply_run(payloads, describe)` too."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame."""

    def dump(self, channel: str, product: str) -> bytes | None:
        """Return what is known of a channel and product as bytes; None if that is nothing."""

    def load(self, channel: str, product: str, dumped: bytes) -> None:
        """Take what was dumped in place of what is known; raises ValueError if it is something else."""


class StateRules(Protocol):
    """How states of an endpoint are written down: what a feed says of that."""

    @property
    def kind(self) -> str:
        """What tells states from others that are written otherwise, or mean something else."""

    @property
    def channels(self) -> Collection[str]:
        """The channels that are written down."""

    @property
    def describe(self) -> Callable[[bytes], FrameInfo]:
        """Describes a payload."""

    @property
    def looks(self) -> Callable[[Collection[Key]], Collection[tuple[bytes, ...]]]:
        """Returns what frames of these channels and products look like; see `lines_with`."""

    @property
    def make(self) -> Callable[[Collection[Key]], WrittenState | None]:
        """Returns an empty state that keeps these channels and products."""


class Spacing:
    """
    Tells when a checkpoint is due: when the text since the last one is so long that it is worth its size.

    Args:
        least: See `LEAST_TEXT`.
        times: See `TIMES_STATE`.

    """

    def __init__(self, least: int = LEAST_TEXT, times: int = TIMES_STATE) -> None:
        self._least, self._times = least, times
        self._since = 0
        self._needed = least

    def passed(self, text: int) -> None:
        """Take note of so many bytes of text that were read."""
        self._since += text

    @property
    def is_due(self) -> bool:
        """Whether there may be one here, by what is known of the size of the state."""
        return self._since > self._needed

    def takes(self, size: int) -> bool:
        """Return whether there is one here, whose state has so many bytes; then the next one is further on."""
        self._needed = max(self._least, self._times * size)
        if not self.is_due:
            return False
        self._since = 0
        return True


def keys_of(rules: StateRules, indexes: Sequence[Index]) -> list[Key]:
    """Return the channels and products of which there are states, of those that recordings have by their indexes."""
    found = {
        (channel, product): None
        for index in indexes
        for channel in rules.channels
        for product in index.products.get(channel, ())
    }
    return list(found)
