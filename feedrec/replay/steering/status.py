"""How a replay is, as of now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal, Protocol

import msgspec

from ..clock.lateness import LateFrame, LatenessHistogram, LatenessSummary
from ..clock.time_types import RecordedWall
from .one_timeline import OneTimeline

__all__ = ["ClientStatus", "State", "Status", "Steered", "status_of_client"]

State = Literal["waiting", "playing", "paused", "ended"]
"""`waiting`: nobody has subscribed yet. `ended`: everything is played, and nobody is there or all are held."""


class Steered(Protocol):
    """A client, as far as it is steered, and what is told of it."""

    @property
    def number(self) -> int:
        """Its number, from 1."""

    @property
    def address(self) -> str:
        """Where it came from, such as `127.0.0.1:40112`."""

    @property
    def endpoint_name(self) -> str:
        """The endpoint that it connected to."""

    @property
    def timeline(self) -> OneTimeline | None:
        """What it follows: the timeline of all, or its own; None if nothing but its speed is steered."""

    @property
    def subscribed(self) -> Mapping[str, Collection[str]]:
        """What it has subscribed: products by channel, `""` for all of them."""

    @property
    def has_begun(self) -> bool:
        """Whether its replay has begun."""

    @property
    def has_ended(self) -> bool:
        """Whether it was sent everything, and is held."""

    @property
    def present(self) -> RecordedWall:
        """The recorded time that is now for it."""

    @property
    def frames(self) -> int:
        """How many messages were handed to its transport because of recorded frames."""

    @property
    def size(self) -> int:
        """Bytes of payload that were."""

    @property
    def lateness(self) -> LatenessHistogram:
        """How late these were."""

    @property
    def worst(self) -> LateFrame | None:
        """The frame that was later than all others; None if none was late."""


class ClientStatus(msgspec.Struct, frozen=True):
    """
    One client, as of now.

    Attributes:
        client: Its number, from 1.
        address: Where it came from, such as `127.0.0.1:40112`.
        endpoint: The name of the endpoint that it connected to.
        subscribed: What it has subscribed: products by channel, `""` for all of them.
        state: Whether its time passes.
        speed: Recorded seconds per second, apart from pauses; `math.inf` for as fast as it reads.
        present: The recorded time that is now for it, in nanoseconds; None if it has not begun.
        frames: How many messages it was sent because of recorded frames.
        size: Bytes of payload that it was sent.
        lateness: How late they were; None if nothing was measured.
        worst: The frame that was later than all others; None if none was late.

    """

    client: int
    address: str
    endpoint: str
    subscribed: dict[str, list[str]]
    state: State
    speed: float
    present: int | None
    frames: int
    size: int
    lateness: LatenessSummary | None
    worst: LateFrame | None = None


class Status(msgspec.Struct, frozen=True):
    """
    A replay, as of now.

    Attributes:
        state: Whether time passes: for anybody, if each client has its own.
        speed: Recorded seconds per second, apart from pauses; that of clients that come, if each has its own.
        start: The recorded time at which it begins, in nanoseconds.
        end: At which it ends; None if that is not known, as of a recording that grows.
        present: The recorded time that is now; if each client has its own, that of the one that is farthest. None if it
            has not begun.
        position: How many recorded frames are past since the start or the last seek; None if they are not counted.
        frames: How many messages clients were sent because of recorded frames, those that have left too.
        lateness: How late those were of the clients that are there; None if nothing was measured.
        clients: The clients that are there, by number.
        worst: The frame that was later than all others, of these clients; None if none was late.
        expected: How many clients must have subscribed for time to begin.
        ready: How many of them have, and wait for the others.

    """

    state: State
    speed: float
    start: int
    end: int | None
    present: int | None
    position: int | None
    frames: int
    lateness: LatenessSummary | None
    clients: list[ClientStatus]
    worst: LateFrame | None = None
    expected: int = 1
    ready: int = 0


def status_of_client(client: Steered, *, is_paused: bool, speed: float) -> ClientStatus:
    """Return how a client is; what is given holds for one without a timeline that is steered."""
    timeline = client.timeline
    if timeline is not None:
        is_paused, speed = timeline.is_paused, timeline.speed
    state: State = "waiting"
    if client.has_ended:
        state = "ended"
    elif client.has_begun:
        state = "paused" if is_paused else "playing"
    return ClientStatus(
        client=client.number,
        address=client.address,
        endpoint=client.endpoint_name,
        subscribed={channel: sorted(products) for channel, products in client.subscribed.items()},
        state=state,
        speed=speed,
        present=client.present if client.has_begun else None,
        frames=client.frames,
        size=client.size,
        lateness=client.lateness.summary(),
        worst=client.worst,
    )
