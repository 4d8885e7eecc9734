"""
What a server half does with frames that follow each other, told at once, so that clients who get the same share it.

A server half decides frame by frame (`FeedServer.on_frame`). Mostly that depends on little: on what is subscribed, and
on the number that comes next. As long as it does, the server half may tell what it would do with many frames. Whoever
has the same key would do the same, and need not be asked again.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from ..model import Frame, FrameInfo

__all__ = ["Passages", "has_passages"]


class Passages(Protocol):
    """The part of a `FeedServer` that tells so; by itself it tells nothing, and each frame is passed to `on_frame`."""

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:  # noqa: ARG002
        """
        Return all that `passage` depends on besides the frames, from this one on: whoever has the same key shares it.

        None if there is no passage now. A class that overrides `on_frame` has none, unless it overrides `passage` too.
        """
        return None

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:  # noqa: ARG002
        """
        Return what `on_frame` would for each of the next recorded frames; change nothing.

        It ends before the first frame of which more than none or one message would come, or which would change more
        than `on_passage` does.

        Returns:
            A message for each frame up to there, None for nothing.

        """
        return ()

    def on_passage(
        self,
        frames: Sequence[Frame],  # noqa: ARG002
        infos: Sequence[FrameInfo],  # noqa: ARG002
        messages: Sequence[bytes | None],  # noqa: ARG002
    ) -> None:
        """Take frames of a passage as `on_frame` does; their messages are sent. Nothing else was called in between."""
        return


def has_passages(server: Passages) -> bool:
    """Tell whether the passages of a server half are about its own `on_frame`, and not about one that it overrides."""
    for kind in type(server).__mro__:
        if "passage" in vars(kind) or "on_frame" in vars(kind):
            return "passage" in vars(kind)
    return False
