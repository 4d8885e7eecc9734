"""What changes the frames of one connection; most of what it is told changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from ...model import FrameInfo

__all__ = ["ChangeByChange", "FrameChange", "IdKeys"]


class IdKeys(msgspec.Struct, frozen=True):
    """
    Where a venue's frames have ids.

    Attributes:
        keys: Kinds of ids by the key of a JSON object that has them: as text, as a number, or in an array of texts.
        rows: Whether there are frames that are arrays, in which every UUID is one.
        counted: Kinds by channel, where gaps are counted in ids.

    """

    keys: Mapping[str, str]
    rows: bool = False
    counted: Mapping[str, str] = {}


class FrameChange(Protocol):
    """
    Changes the frames of one connection, in their order. Pure, and never raises: what it does not understand stays.

    Attributes:
        missed: Frames that it should have changed, but could not, so that they are as they were.

    """

    missed: int = 0

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:  # noqa: ARG002
        """
        Take a text message of the venue; return what is to stand in its place, None if nothing is.

        Args:
            payload: The message.
            info: What it is.
            in_sequence: Whether it is one of the venue's count; a rebuilt snapshot is not.

        """
        return payload

    def left_out(self, info: FrameInfo) -> None:  # noqa: ARG002
        """Take note of a frame of the venue's count that will not be in the recording."""
        return

    def sent(self, payload: bytes) -> bytes:
        """Take a text message of the client; return what is to stand in its place."""
        return payload

    def event(self, line: bytes) -> bytes:
        """Take the line of an event, or a body of one; return what is to stand in its place."""
        return line

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:  # noqa: ARG002
        """
        Return the numbers between which a recorded gap is now; it comes before the frame that shows it.

        Args:
            expected: The number that came next.
            received: The number that came.
            channel: The channel whose frames are counted; None if it is all frames of the connection.

        """
        return expected, received

    def reset(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:  # noqa: ARG002
        """Return the numbers at which the count now begins anew; it comes after the frame with which it does."""
        return expected, received


class ChangeByChange(FrameChange):
    """Several changes, each of what the one before it left."""

    def __init__(self, changes: Sequence[FrameChange]) -> None:
        self._changes = changes

    @property
    def missed(self) -> int:  # type: ignore[override]
        """See `FrameChange`."""
        return sum(change.missed for change in self._changes)

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:
        """See `FrameChange`; the description is that of the frame as it was recorded."""
        changed: bytes | None = payload
        for change in self._changes:
            if changed is not None:
                changed = change.received(changed, info, in_sequence=in_sequence)
        return changed

    def left_out(self, info: FrameInfo) -> None:
        """See `FrameChange`."""
        for change in self._changes:
            change.left_out(info)

    def sent(self, payload: bytes) -> bytes:
        """See `FrameChange`."""
        for change in self._changes:
            payload = change.sent(payload)
        return payload

    def event(self, line: bytes) -> bytes:
        """See `FrameChange`."""
        for change in self._changes:
            line = change.event(line)
        return line

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        """See `FrameChange`."""
        for change in self._changes:
            expected, received = change.gap(expected, received, channel)
        return expected, received

    def reset(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        """See `FrameChange`."""
        for change in self._changes:
            expected, received = change.reset(expected, received, channel)
        return expected, received
