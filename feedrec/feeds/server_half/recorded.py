"""Which of the messages that a server half makes of a frame are that frame."""

from __future__ import annotations

from collections.abc import Callable

from ...model import Frame, FrameInfo

__all__ = ["is_recorded"]

_ENDS = 32  # bytes at either end of a message; no answer has both of them in common with a frame


def is_recorded(message: bytes, frame: Frame, info: FrameInfo, describe: Callable[[bytes], FrameInfo]) -> bool:
    """
    Tell whether a message is a recorded frame, as it is or renumbered or cut, and not an answer that came with it.

    Args:
        message: One of the messages that were made of the frame.
        frame: The frame.
        info: What it is.
        describe: Describes a payload of the venue.

    """
    payload = frame.payload
    # To look at it costs less than to describe it.
    looks_like = message is payload or (message[:_ENDS] == payload[:_ENDS] and message[-_ENDS:] == payload[-_ENDS:])
    return looks_like or describe(message).channel == info.channel
