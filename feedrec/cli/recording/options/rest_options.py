"""Options of `feedrec record` that have it ask the venue's REST beside its feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from ....errors import UsageError
from ...options import DURATION, all_options

if TYPE_CHECKING:
    from ....feeds import Feed
    from ....feeds.redaction import Redaction
    from ....recorder.rest import RestPlan

__all__ = ["RestOptions", "rest_options"]

rest_options = all_options(
    click.option(
        "--rest",
        is_flag=True,
        help="Also ask the venue's public REST for what its clients ask first, at the start and each hour.",
    ),
    click.option("--rest-every", metavar="DURATION", type=DURATION, help="Ask this often.  [default: 1h]"),
    click.option("--rest-url", metavar="URL", help="Ask this address instead of the venue's https://HOST."),
)
"""Adds the options of `RestOptions`."""


class RestOptions(msgspec.Struct, frozen=True):
    """The values of the options."""

    rest: bool = False
    rest_every: float | None = None
    rest_url: str | None = None

    def plan(self, feed: Feed, redaction: Redaction, *, has_url: bool) -> RestPlan | None:
        """
        Return what is asked beside a feed; None for nothing.

        Args:
            feed: The feed.
            redaction: What must not be shown.
            has_url: Whether it is recorded from another address than its own.

        Raises:
            UsageError: If there is no telling what to ask, or where.

        """
        if not self.rest:
            if self.rest_every is not None or self.rest_url is not None:
                raise UsageError("--rest-every and --rest-url say how --rest asks: add --rest, or leave them out")
            return None
        from ....recorder.rest.plan import EVERY, plan_for

        every = EVERY if self.rest_every is None else self.rest_every
        return plan_for(feed, self.rest_url, every, redaction=redaction, has_url=has_url)
