"""What of a recording a state depends on, so that nobody has to read the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from ..venue import FeedState, Key

__all__ = ["Look", "Need", "Since", "needs_of", "written"]

Since = Literal["settled", "snapshot", "snapshot or beginning", "beginning"]

Look = tuple[bytes, ...]
"""Bytes that are all in a payload, unless the payload has a backslash."""


class Need(msgspec.Struct, frozen=True):
    """
    Which recorded frames can change what a state knows of one key.

    Attributes:
        key: The key; a state that is wanted to keep just this one takes in these frames.
        channels: Their channels, as frames are described; none for all channels.
        product: A product that all of them name; empty if they need not.
        looks: Each of these frames has one of them, however its JSON is spaced.
        since: From which of these frames on the state must take them in, to know what it would know after all of them:

            - `settled`: some of the last ones, until `is_settled` says so; as more come, never any before those;
            - `snapshot`: the last one that is a snapshot of the product. Without one, nothing is known;
            - `snapshot or beginning`: the same; without one, the first frame;
            - `beginning`: the first.

    """

    key: Key
    channels: tuple[str, ...]
    product: str
    looks: tuple[Look, ...]
    since: Since


def written(text: str) -> bytes:
    """Return a string as JSON has it; where it must or may be escaped otherwise, there is a backslash."""
    return b'"%b"' % text.encode()


def needs_of(state: FeedState) -> Sequence[Need] | None:
    """
    Return what a state needs; None if it does not say, and must take in every frame.

    What a base says does not count for a class that takes in frames in its own way.
    """
    if not hasattr(state, "needs") or _place_of("apply", state) < _place_of("needs", state):
        return None
    needs: Sequence[Need] | None = state.needs()
    return needs


def _place_of(method: str, state: FeedState) -> int:
    """Return where among the bases of a state its method is defined."""
    return next((place for place, kind in enumerate(type(state).__mro__) if method in vars(kind)), 0)
