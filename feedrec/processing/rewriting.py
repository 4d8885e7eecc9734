"""What `feedrec convert` changes in frames, by the rules of their feed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    from ..feeds import Feed
    from ..feeds.rewriting.frame_change import FrameChange as FeedFrameChange
    from ..formats.several.inputs import Input
    from ..formats.tools.rewriting import Rewrite

__all__ = ["rewrite_of"]


def rewrite_of(inputs: Sequence[Input], levels: int | None, *, anonymize: bool = False) -> Rewrite | None:
    """
    Return how the frames of recordings are changed; None if they are not.

    Args:
        inputs: The recordings.
        levels: Levels to which a side of a book is cut; None for all.
        anonymize: Whether ids are replaced, by a random key.

    Raises:
        UsageError: If their endpoint has no books, or no ids, or is unknown.

    """
    from ..feeds import feed_of
    from ..formats.tools.rewriting import Rewrite

    if levels is None and not anonymize:
        return None
    endpoint = inputs[0].header.endpoint
    feed = feed_of(endpoint)
    made = next((one for one in inputs if "deduplicated" in one.header.extra), None)
    if levels is not None and made is not None:
        raise UsageError(f"{made.path} was made of several recordings, whose books are one: leave out --trim-book")
    changes: list[Callable[[], FeedFrameChange]] = []
    noted: dict[str, Any] = {}
    if levels is not None:
        changes.append(_trimming(feed, endpoint, levels))
        before = [one.header.extra.get("trimmed") for one in inputs]
        noted |= {"filtered": {}, "trimmed": min([levels, *(one for one in before if type(one) is int)])}
    if anonymize:
        changes.append(_anonymizing(feed, endpoint))
        noted["anonymized"] = True
    return Rewrite(partial(_all_of, changes), noted, changes[-1]().event if anonymize else None)


def _trimming(feed: Feed | None, endpoint: str, levels: int) -> Callable[[], FeedFrameChange]:
    def change() -> FeedFrameChange:
        made = None if feed is None else feed.trimming(levels)
        if made is not None:
            return made
        raise UsageError(f"endpoint {endpoint!r} has no book that could be cut: leave out --trim-book")

    change()
    return change


def _anonymizing(feed: Feed | None, endpoint: str) -> Callable[[], FeedFrameChange]:
    from ..feeds.rewriting.anonymous_ids import AnonymousFrames, AnonymousIds

    keys = None if feed is None else feed.id_keys()
    if keys is None:
        raise UsageError(f"nothing tells where {endpoint!r} has ids: leave out --anonymize")
    return partial(AnonymousFrames, AnonymousIds(secrets.token_bytes(16)), keys)


def _all_of(changes: Sequence[Callable[[], FeedFrameChange]]) -> FeedFrameChange:
    from ..feeds.rewriting.frame_change import ChangeByChange

    return changes[0]() if len(changes) == 1 else ChangeByChange([make() for make in changes])
