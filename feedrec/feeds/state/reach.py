"""How far back the state of a market goes: what of the files before a time must be there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from ..venue import Key, VenueFeed
from .need import Need, Since, needs_of
from .new_state import new_state

__all__ = ["Reach", "reaches_of"]

Reach = Literal["snapshot", "snapshot or beginning", "frames", "beginning"]
"""The frames since the last snapshot (without one none, or all), the last ones, or all."""

_REACHES: dict[Since, Reach] = {
    "settled": "frames",
    "snapshot": "snapshot",
    "snapshot or beginning": "snapshot or beginning",
    "beginning": "beginning",
}


def reaches_of(feed: VenueFeed, keys: Collection[Key]) -> list[tuple[Key, Reach]]:
    """
    Return which recorded frames the states of some keys depend on.

    Args:
        feed: The feed.
        keys: All channels and products of which there are frames.

    Returns:
        Keys of frames, each with how many of those are needed; nothing of a key that has no state.

    """
    found: dict[tuple[Key, Reach], None] = {}
    for key in sorted(keys):
        state = new_state(feed, {key})
        if state is None:
            continue
        needs = needs_of(state)
        some = [(key, "snapshot or beginning")] if needs is None else _of_needs(needs, keys)
        found.update(dict.fromkeys(some))  # type: ignore[arg-type]  # mypy takes the literal for any text
    return list(found)


def _of_needs(needs: Iterable[Need], keys: Collection[Key]) -> Iterator[tuple[Key, Reach]]:
    for need in needs:
        if need.since in ("snapshot", "snapshot or beginning"):
            yield (need.key[0], need.product), _REACHES[need.since]
            continue
        for channel, product in keys:
            is_of = not need.channels or channel in need.channels
            if is_of and (not need.product or product in (need.product, "")):
                yield (channel, product), _REACHES[need.since]
