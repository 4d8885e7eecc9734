"""What `feedrec convert` changes in frames, and what it says of that."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...errors import UsageError
from .. import output

if TYPE_CHECKING:
    from ...formats.several.inputs import Input
    from ...formats.tools.convert import Conversion
    from ...formats.tools.rewriting import FrameChange, Rewrite

__all__ = ["report_rewriting", "rewrite_of"]

log = logging.getLogger("feedrec")


def rewrite_of(inputs: Sequence[Input], levels: int | None) -> Rewrite | None:
    """
    Return how the books of recordings are cut to so many levels a side; None if they are not.

    Raises:
        UsageError: If their endpoint has no books, or is unknown.

    """
    from ...feeds import feed_of
    from ...formats.tools.rewriting import Rewrite

    if levels is None:
        return None
    endpoint = inputs[0].header.endpoint
    feed = feed_of(endpoint)

    def change() -> FrameChange:
        made = None if feed is None else feed.trimming(levels)
        if made is not None:
            return made
        raise UsageError(f"endpoint {endpoint!r} has no book that could be cut: leave out --trim-book")

    before = [one.header.extra.get("trimmed") for one in inputs]
    least = min([levels, *(one for one in before if type(one) is int)])
    noted: dict[str, Any] = {"filtered": {}, "trimmed": least}
    change()
    return Rewrite(change, noted)


def report_rewriting(result: Conversion) -> list[str]:
    """Return what to say of the frames that were changed; what could not be changed is a warning of the log."""
    if result.missed:
        log.warning(
            "%s could not be cut, and stayed whole: no snapshot came before (with --from, --with-state makes one)",
            output.count(result.missed, "frame"),
        )
    facts = [f"{output.count(result.rewritten, 'frame')} rewritten"] if result.rewritten else []
    if result.dropped and result.cut_at is None:  # else some of them come after the cut
        facts.append(f"{result.dropped:,} dropped")
    return facts
