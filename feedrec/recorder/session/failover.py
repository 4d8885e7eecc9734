"""Which endpoint the connections of a run go to: the one that was asked for, or the one that stands in for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ...errors import UsageError
from ...feeds import Feed, Subscription
from ..backoff import Backoff
from ..redaction import redact_url

__all__ = ["EndpointAddress", "Failover", "Route"]

log = logging.getLogger("feedrec")


class EndpointAddress(NamedTuple):
    """An endpoint and its address, and whether it is the one that was asked for."""

    feed: Feed
    url: str
    is_primary: bool = False

    def has(self, subscriptions: Sequence[Subscription]) -> list[Subscription]:
        """Give those of the subscriptions that the endpoint has; the primary is asked for all, whatever comes of it."""
        channels = self.feed.channels
        return [one for one in subscriptions if self.is_primary or not channels or one.channel in channels]


class Failover(msgspec.Struct, frozen=True):
    """
    What takes over when the primary endpoint is down.

    Attributes:
        feed: What the endpoint speaks that takes over; the frames of both are described alike.
        url: Its address.
        attempts: Connections in a row that failed, or did not last, after which it does.
        first_probe: Seconds after which the primary is tried again, at first: between half of it and all of it.
        last_probe: What that grows to; it doubles each time, until a connection to the primary lasts again.

    """

    feed: Feed
    url: str
    attempts: int = 3
    first_probe: float = 60.0
    last_probe: float = 300.0


class Route:
    """
    Where the next connection goes.

    Args:
        primary: The endpoint that was asked for.
        failover: What takes over; None for nothing.

    Attributes:
        primary: As given.
        current: Where the next connection goes.
        probes: Gives the delays between looks at the primary.
        diverted: Set while the failover is in use.
        reason: Why it was put to use the last time.

    """

    def __init__(self, primary: EndpointAddress, failover: Failover | None = None) -> None:
        self.primary = self.current = primary
        self.failover = failover
        self.probes = Backoff(failover.first_probe, failover.last_probe) if failover else Backoff()
        self.diverted = asyncio.Event()
        self.reason = ""

    @property
    def has_choice(self) -> bool:
        """Whether the failover may still take over."""
        return self.failover is not None and not self.diverted.is_set()

    def check(self, groups: Sequence[Sequence[Subscription]]) -> None:
        """
        Make sure that the failover can stand in for the primary.

        Args:
            groups: What each connection subscribes.

        Raises:
            UsageError: If it has none of the channels, or a connection of it carries less.

        """
        if self.failover is None:
            return
        place = EndpointAddress(self.failover.feed, self.failover.url)
        for group in groups:
            kept = place.has(group)
            if group and all(one.channel == place.feed.heartbeat_channel for one in kept):
                names = ", ".join(one.channel for one in group)
                raise UsageError(f"{place.feed.name} cannot stand in for {self.primary.feed.name}: it has no {names}")
            if len(place.feed.spread(kept)) > 1:
                raise UsageError(
                    f"a connection to {place.feed.name} cannot carry what one to {self.primary.feed.name} does"
                )

    def divert(self, failures: int, reason: str) -> dict[str, Any] | None:
        """
        Have the failover take over if it is its turn; give the keys of the event that tells of it, if so.

        Args:
            failures: Connections in a row that failed or did not last.
            reason: Why the last of them did, if that is known.

        """
        if self.failover is None or self.diverted.is_set() or failures < self.failover.attempts:
            return None
        self.diverted.set()
        self.reason = reason or f"{failures} connections in a row did not last"
        return self._turn(EndpointAddress(self.failover.feed, self.failover.url), self.reason)

    def restore(self) -> dict[str, Any]:
        """Go back to the primary; give the keys of the event that tells of it."""
        self.diverted.clear()
        return self._turn(self.primary, "the primary endpoint answers again")

    def lasted(self) -> None:
        """Take note of a connection that lasted: one to the primary makes the next look at it a quick one."""
        if not self.diverted.is_set():
            self.probes.reset()

    def _turn(self, place: EndpointAddress, reason: str) -> dict[str, Any]:
        before, self.current = self.current, place
        shown = redact_url(place.url)
        log.warning("failover: from %s to %s at %s: %s", before.feed.name, place.feed.name, shown, reason)
        return {"from": before.feed.name, "to": place.feed.name, "url": shown, "reason": reason}
