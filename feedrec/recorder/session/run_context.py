"""What all connections of a run share."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from ...feeds import Subscription
from ...feeds.connections.limits import limits_of
from ...feeds.credentials import Credentials
from ...feeds.redaction import Address
from ..clock import RecordingClock
from ..connection import Receiver, RecordedConnection
from ..output.counting_writer import CountingWriter
from ..rate_limit import RateLimit
from ..run_end import RunEnd
from .failover import EndpointAddress, EndpointSelector
from .run_options import RunOptions

__all__ = ["Connect", "RunContext", "headers_of"]

REPLACED_AT_ONCE = 4
"""Connections that are replaced at a time: each brings its snapshots, of 5 MB for a large book, once more."""

Connect = Callable[[str, Callable[[RecordedConnection], Receiver], Mapping[str, str]], Awaitable[RecordedConnection]]


class RunContext(msgspec.Struct):
    """
    What all connections of a run share.

    Attributes:
        selector: Selects the endpoint that the connections go to.
        credentials: What to sign with; None for none.
        writer: Where frames and events are written.
        clock: Gives the stamps.
        connect: Opens a connection.
        end: The end of the run.
        opened: Set once the first connection is open.
        options: How to treat the connections.
        connections: Connections that the run keeps open.
        served_nothing: Those of them, by what keeps them open, on which the venue accepted nothing, for now.
        openings: The venue's limit on opening connections.
        messages: Its limit on messages.
        uniform: Source of randomness, giving numbers from 0 to 1.

    """

    selector: EndpointSelector
    credentials: Credentials | None
    writer: CountingWriter
    clock: RecordingClock
    connect: Connect
    end: RunEnd
    opened: asyncio.Event
    options: RunOptions
    openings: RateLimit
    messages: RateLimit
    connections: int = 0
    served_nothing: set[object] = msgspec.field(default_factory=set)
    uniform: Callable[[], float] = random.random
    _replacing: asyncio.Semaphore | None = None

    @property
    def replacing(self) -> asyncio.Semaphore:
        """Held while a connection more than usual is open; ask `may_replace` first."""
        if self._replacing is None:
            most = limits_of(self.selector.current.feed).connections
            room = REPLACED_AT_ONCE if most is None else min(REPLACED_AT_ONCE, most - self.connections)
            self._replacing = asyncio.Semaphore(room)
        return self._replacing

    def may_replace(self, subscriptions: Sequence[Subscription]) -> bool:
        """Tell whether the venue allows a connection more than usual, with these subscriptions on both."""
        limits = limits_of(self.selector.current.feed)
        is_shared = limits.exclusive.isdisjoint(one.channel for one in subscriptions)
        return is_shared and (limits.connections is None or self.connections < limits.connections)

    def max_age_at(self, endpoint: EndpointAddress) -> float | None:
        """Return the seconds after which a connection to an endpoint is to be left; None for never."""
        limits = (self.options.max_age, limits_of(endpoint.feed).max_age)
        return min((one for one in limits if one is not None), default=None)


def headers_of(endpoint: EndpointAddress, credentials: Credentials | None) -> Mapping[str, str]:
    """Return the further headers of a handshake, after learning its secrets, so that they are shown nowhere."""
    headers = endpoint.feed.headers(credentials)
    Address(endpoint.url).redaction.learn_from(endpoint.url, headers)
    return headers
