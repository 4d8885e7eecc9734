"""What is asked of a venue by HTTP, where and how often; pure."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec

from ...errors import UsageError
from ...feeds import Feed, Subscription
from ...feeds.redaction import Redaction
from ...feeds.rest.half import RestHalf, rest_half_of

__all__ = ["EVERY", "RestPlan", "checked_base", "moved", "plan_for"]

EVERY = 3600.0
"""Seconds between two rounds."""

log = logging.getLogger("feedrec")


class RestPlan(msgspec.Struct, frozen=True):
    """
    What is asked beside a feed, again and again.

    Attributes:
        half: Says what clients of the venue ask, and how much it allows.
        base: What takes the place of scheme and host of each address; empty for nothing.
        every: Seconds from the begin of a round to that of the next.

    """

    half: RestHalf
    base: str = ""
    every: float = EVERY

    def addresses(self, subscriptions: Sequence[Subscription]) -> list[str]:
        """Return what is asked for these subscriptions: whole addresses, each once."""
        return list(dict.fromkeys(moved(url, self.base) for url in self.half.first_requests(subscriptions)))


def plan_for(
    feed: Feed, base: str | None = None, every: float = EVERY, *, redaction: Redaction, has_url: bool = False
) -> RestPlan:
    """
    Return what is asked beside a feed.

    Args:
        feed: The feed.
        base: Where to ask instead of at the venue: `https://host` or `http://127.0.0.1:9000/prefix`; None for there.
        every: See `RestPlan`.
        redaction: What must not be shown.
        has_url: Whether the feed is recorded from another address than its own.

    Raises:
        UsageError: If the feed has no such half, or there is no telling where to ask.

    """
    half = rest_half_of(feed)
    if half is None:
        raise UsageError(f"feedrec knows no REST requests of {feed.name}: leave out --rest")
    if base is None and has_url:
        raise UsageError(
            f"{feed.name} is recorded from another address, but the REST of the live venue would be asked: "
            "give its address with --rest-url"
        )
    return RestPlan(half, "" if base is None else checked_base(base, redaction), every)


def checked_base(base: str, redaction: Redaction) -> str:
    """
    Return an address to which paths are added, without the slash at its end.

    Raises:
        UsageError: If it is none.

    """
    try:
        parts = urlsplit(base)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or "?" in base or "#" in base:
        raise UsageError(
            f"{redaction.address(base)!r} is not an HTTP address: use one such as https://host or http://127.0.0.1:9000"
        )
    return base.rstrip("/")


def moved(url: str, base: str) -> str:
    """Return an address with another scheme and host, and whatever else stands in `base`, before its path."""
    if not base:
        return url
    parts = urlsplit(url)
    return f"{base}{parts.path}{'?' if parts.query else ''}{parts.query}"
