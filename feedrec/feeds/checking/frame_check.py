"""What a check of received frames is, and what it finds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, Protocol

import msgspec

from ...model import FrameInfo

__all__ = ["Finding", "FrameCheck"]


class Finding(msgspec.Struct, frozen=True):
    """
    Something that cannot be true.

    Attributes:
        event: The event that tells of it in a recording: `crossed` for a book, `contradiction` for numbers.
        text: One line for the log.
        details: The keys of the event, among them `channel` and `product`.

    """

    event: Literal["crossed", "contradiction"]
    text: str
    details: dict[str, Any]


class FrameCheck(Protocol):
    """Checks the frames of one connection, which it is given in order; some may be left out where it says so."""

    @property
    def channels(self) -> Collection[str]:
        """The channels, as frames are described, of which it must be given every frame."""

    def take(self, time: int, info: FrameInfo, payload: bytes) -> Sequence[Finding]:
        """Take a frame that arrived at `time` (nanoseconds); return what is wrong, once for as long as it lasts."""
