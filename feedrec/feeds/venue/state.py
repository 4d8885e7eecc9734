"""The state of the market that a late client is given."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from ...model import FrameInfo
from .keys import Key

__all__ = ["FeedState"]


class FeedState(Protocol):
    """What the venue would send to a client that subscribes now; `feedrec.feeds.state` has what most are made of."""

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame; one that is not wanted or not understood changes nothing."""

    def keys(self) -> Collection[Key]:
        """Return the keys for which there is a snapshot."""

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the message that a new subscriber gets first, as of `time`; None if there is none. Change nothing."""

    def copy(self) -> FeedState:
        """Return an independent copy."""
