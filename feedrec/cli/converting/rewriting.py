"""What `feedrec convert` changes in frames, and what it says of that."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from .. import output

if TYPE_CHECKING:
    from ...feeds import Feed
    from ...feeds.rewriting.frame_change import FrameChange as FeedFrameChange
    from ...formats.several.inputs import Input
    from ...formats.tools.convert import Conversion
    from ...formats.tools.rewriting import Rewrite

__all__ = ["report_rewriting", "rewrite_of"]

log = logging.getLogger("feedrec")


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
    from ...feeds import feed_of
    from ...formats.tools.rewriting import Rewrite

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
    from ...feeds.rewriting.anonymous_ids import AnonymousFrames, AnonymousIds

    keys = None if feed is None else feed.id_keys()
    if keys is None:
        raise UsageError(f"nothing tells where {endpoint!r} has ids: leave out --anonymize")
    return partial(AnonymousFrames, AnonymousIds(secrets.token_bytes(16)), keys)


def _all_of(changes: Sequence[Callable[[], FeedFrameChange]]) -> FeedFrameChange:
    from ...feeds.rewriting.frame_change import ChangeByChange

    return changes[0]() if len(changes) == 1 else ChangeByChange([make() for make in changes])


def report_rewriting(result: Conversion) -> list[str]:
    """Return what to say of the frames that were changed; what could not be changed is a warning of the log."""
    if result.missed:
        log.warning(
            "%s could not be changed, and stayed whole: no snapshot of the book came before (with --from, --with-state "
            "makes one), or it is no JSON",
            output.count(result.missed, "frame"),
        )
    facts = [f"{output.count(result.rewritten, 'frame')} rewritten"] if result.rewritten else []
    if result.dropped and result.cut_at is None:  # else some of them come after the cut
        facts.append(f"{result.dropped:,} dropped")
    return facts
