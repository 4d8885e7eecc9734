"""What all connections of a run share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

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


def headers_of(endpoint: EndpointAddress, credentials: Credentials | None) -> Mapping[str, str]:
    """Return the further headers of a handshake, after learning its secrets, so that they are shown nowhere."""
    headers = endpoint.feed.headers(credentials)
    Address(endpoint.url).redaction.learn_from(endpoint.url, headers)
    return headers
