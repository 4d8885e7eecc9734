"""What changes the frames of one connection; most of what it is told changes nothing."""

from __future__ import annotations

from typing import Protocol

from ...model import FrameInfo

__all__ = ["FrameChange"]


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

    def gap(self, expected: int, received: int) -> tuple[int, int]:
        """Return the numbers between which a recorded gap is now; it comes before the frame that shows it."""
        return expected, received

    def reset(self, expected: int, received: int) -> tuple[int, int]:
        """Return the numbers at which the count now begins anew; it comes after the frame with which it does."""
        return expected, received
