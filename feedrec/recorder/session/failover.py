"""Which endpoint the connections of a run go to: the one that was asked for, or the one that stands in for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ...errors import UsageError
from ...feeds import Feed, Subscription
from ...feeds.connections.limits import limits_of
from ...feeds.redaction import Address
from ..backoff import Backoff

__all__ = ["EndpointAddress", "EndpointSelector", "Failover"]

log = logging.getLogger("feedrec")


class EndpointAddress(NamedTuple):
    """An endpoint and its address, and whether it is the one that was asked for."""

    feed: Feed
    url: str
    is_primary: bool = False

    def has(self, subscriptions: Sequence[Subscription]) -> list[Subscription]:
        """Return the subscriptions that the endpoint has; the primary is asked for all of them, whatever it answers."""
        channels = self.feed.channels
        return [one for one in subscriptions if self.is_primary or not channels or one.channel in channels]


class Failover(msgspec.Struct, frozen=True):
    """
    What takes over when the primary endpoint is down.

    Attributes:
        feed: What the other endpoint speaks; the frames of both are described alike.
        url: Its address.
        attempts: Connections in a row that must fail, or not last, before it takes over.
        first_probe: Seconds after which the primary is first tried again: between half of this and all of it.
        last_probe: The most that this grows to; it doubles each time, until a connection to the primary lasts again.

    """

    feed: Feed
    url: str
    attempts: int = 3
    first_probe: float = 60.0
    last_probe: float = 300.0


class EndpointSelector:
    """
    Selects the endpoint of the next connection.

    Args:
        primary: The endpoint that was asked for.
        failover: What takes over; None for nothing.

    Attributes:
        primary: As given.
        failover: As given.
        current: Where the next connection goes.
        probes: Gives the delays between probes of the primary.
        diverted: Set while the failover is in use.
        reason: Why the failover was last put to use; empty if it never was.

    """

    def __init__(self, primary: EndpointAddress, failover: Failover | None = None) -> None:
        self.primary = self.current = primary
        self.failover = failover
        self.probes = Backoff(failover.first_probe, failover.last_probe) if failover else Backoff()
        self.diverted = asyncio.Event()
        self.reason = ""

    @property
    def has_alternative(self) -> bool:
        """Whether there is a failover that has not taken over yet."""
        return self.failover is not None and not self.diverted.is_set()

    def check(self, groups: Sequence[Sequence[Subscription]]) -> None:
        """
        Make sure that the failover can stand in for the primary.

        Args:
            groups: What each connection subscribes to.

        Raises:
            UsageError: If it has none of the channels, or allows fewer connections, or fewer channels on one.

        """
        if self.failover is None:
            return
        endpoint = EndpointAddress(self.failover.feed, self.failover.url)
        most = limits_of(endpoint.feed).connections
        if most is not None and len(groups) > most:
            raise UsageError(
                f"{endpoint.feed.name} cannot stand in for {self.primary.feed.name}: it allows {most} at once"
            )
        for group in groups:
            kept = endpoint.has(group)
            if group and all(one.channel == endpoint.feed.heartbeat_channel for one in kept):
                names = ", ".join(one.channel for one in group)
                raise UsageError(
                    f"{endpoint.feed.name} cannot stand in for {self.primary.feed.name}: it has no {names}"
                )
            if len(endpoint.feed.spread(kept)) > 1:
                raise UsageError(
                    f"{endpoint.feed.name} cannot stand in for {self.primary.feed.name}: "
                    "a connection to it carries fewer subscriptions"
                )

    def divert(self, failures: int, reason: str) -> dict[str, Any] | None:
        """
        Let the failover take over if it is time to.

        Args:
            failures: Connections in a row that failed or did not last.
            reason: Why the last of them did, if that is known.

        Returns:
            The keys of the `failover` event to record, if it takes over.

        """
        if self.failover is None or self.diverted.is_set() or failures < self.failover.attempts:
            return None
        self.diverted.set()
        self.reason = reason or f"{failures} connections in a row did not last"
        return self._switch(EndpointAddress(self.failover.feed, self.failover.url), self.reason)

    def restore(self) -> dict[str, Any]:
        """Go back to the primary; return the keys of the `failover` event to record."""
        self.diverted.clear()
        return self._switch(self.primary, "the primary endpoint answers again")

    def lasted(self) -> None:
        """Take note of a connection that lasted: one to the primary makes its next probe a quick one."""
        if not self.diverted.is_set():
            self.probes.reset()

    def _switch(self, endpoint: EndpointAddress, reason: str) -> dict[str, Any]:
        before, self.current = self.current, endpoint
        shown = Address(endpoint.url).shown
        log.warning("failover: from %s to %s at %s: %s", before.feed.name, endpoint.feed.name, shown, reason)
        return {"from": before.feed.name, "to": endpoint.feed.name, "url": shown, "reason": reason}
