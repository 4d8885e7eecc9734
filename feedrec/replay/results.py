"""What became of a replay: to one client, and to all of them."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from ..model import NANOSECONDS
from .clock.lateness import LatenessHistogram, LatenessSummary

__all__ = ["ClientResult", "Outcome", "ReplayTotal", "Tally"]

Outcome = Literal["finished", "client left", "stopped reading", "turned away", "server stopped", "recording damaged"]
"""Why the replay to a client ended: `finished` is the only one in which it was given everything."""


class ClientResult(msgspec.Struct, frozen=True):
    """
    The replay to one client.

    Attributes:
        client: Its number, from 1, in the order in which they came.
        address: Where it came from, e.g. `127.0.0.1:40112`.
        outcome: Why it ended.
        frames: Frames handed to its transport.
        size: Bytes of their payloads.
        elapsed: Nanoseconds from the start of its replay to its last frame.
        recorded: Recorded nanoseconds from its first frame to its last.
        lateness: How late the frames were; None at infinite speed, where no frame has a deadline.
        endpoint: Name of the endpoint that it chose.

    """

    client: int
    address: str
    outcome: Outcome
    frames: int
    size: int
    elapsed: int
    recorded: int
    lateness: LatenessSummary | None
    endpoint: str = ""

    @property
    def seconds(self) -> float:
        """Seconds from the start of its replay to its last frame."""
        return self.elapsed / NANOSECONDS

    @property
    def achieved_speed(self) -> float | None:
        """Recorded seconds per second; None if no time passed."""
        return self.recorded / self.elapsed if self.elapsed else None


class ReplayTotal(msgspec.Struct, frozen=True):
    """
    All clients whose replay has ended.

    Attributes:
        clients: How many.
        frames: Frames handed to their transports.
        size: Bytes of their payloads.
        elapsed: Nanoseconds that their replays took, added up.
        recorded: Recorded nanoseconds that they were given, added up.
        outcomes: How many clients ended in which way.
        lateness: How late the frames were, over all clients; None at infinite speed.

    """

    clients: int
    frames: int
    size: int
    elapsed: int
    recorded: int
    outcomes: dict[Outcome, int]
    lateness: LatenessSummary | None

    @property
    def achieved_speed(self) -> float | None:
        """Recorded seconds per second; None if no time passed."""
        return self.recorded / self.elapsed if self.elapsed else None


class Tally:
    """Adds up results."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._frames = 0
        self._size = 0
        self._elapsed = 0
        self._recorded = 0
        self._lateness = LatenessHistogram()

    def add(self, result: ClientResult, lateness: LatenessHistogram) -> None:
        """Take the result of a client, and the histogram that its lateness was summed up from."""
        self._outcomes[result.outcome] += 1
        self._frames += result.frames
        self._size += result.size
        self._elapsed += result.elapsed
        self._recorded += result.recorded
        self._lateness.merge(lateness)

    def total(self) -> ReplayTotal:
        """Give the sum so far."""
        return ReplayTotal(
            clients=self._outcomes.total(),
            frames=self._frames,
            size=self._size,
            elapsed=self._elapsed,
            recorded=self._recorded,
            outcomes=dict(self._outcomes),
            lateness=self._lateness.summary(),
        )
