"""How a replay went: to one client, and to all of them."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import msgspec

from ..model import NANOSECONDS
from .clock.lateness import LateFrame, LatenessHistogram, LatenessSummary
from .dialogue.failure import DialogueFailure

__all__ = ["ClientResult", "Outcome", "ReplayTotal", "Tally"]

Outcome = Literal[
    "finished",
    "client left",
    "stopped reading",
    "turned away",
    "disconnected",
    "server stopped",
    "recording damaged",
    "dialogue failed",
]
"""
Why the replay to a client ended: only with `finished` was it sent everything. The venue ended it with `turned away`,
before it had begun, or with `disconnected`; with `dialogue failed`, the client said or did what was not recorded.
"""


class ClientResult(msgspec.Struct, frozen=True):
    """
    The replay to one client.

    Attributes:
        client: Its number, from 1, in order of connection.
        address: Its address, e.g. `127.0.0.1:40112`.
        outcome: Why it ended.
        frames: Frames handed to its transport.
        size: Bytes of their payloads.
        elapsed: Nanoseconds from the start of its replay to its last frame.
        recorded: Recorded nanoseconds from its first frame to its last.
        lateness: How late the frames were; None at infinite speed, where frames have no deadlines.
        endpoint: Name of the endpoint that it connected to.
        failure: What it said or did that was not recorded, with `dialogue failed`.
        worst: The frame that was later than all others; None if none was late.

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
    failure: DialogueFailure | None = None
    worst: LateFrame | None = None

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
        elapsed: Nanoseconds that their replays took, in total.
        recorded: Recorded nanoseconds that they were sent, in total.
        outcomes: How many clients had which outcome.
        lateness: How late the frames were, over all clients; None at infinite speed.
        worst: The frame that was later than all others, and the client that it was sent to; None if none was late.

    """

    clients: int
    frames: int
    size: int
    elapsed: int
    recorded: int
    outcomes: dict[Outcome, int]
    lateness: LatenessSummary | None
    worst: LateFrame | None = None

    @property
    def achieved_speed(self) -> float | None:
        """Recorded seconds per second; None if no time passed."""
        return self.recorded / self.elapsed if self.elapsed else None


class Tally:
    """Adds up the results of clients."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._frames = 0
        self._size = 0
        self._elapsed = 0
        self._recorded = 0
        self._lateness = LatenessHistogram()
        self._worst: LateFrame | None = None

    def add(self, result: ClientResult, lateness: LatenessHistogram) -> None:
        """Add the result of a client, and the histogram behind its lateness."""
        self._outcomes[result.outcome] += 1
        self._frames += result.frames
        self._size += result.size
        self._elapsed += result.elapsed
        self._recorded += result.recorded
        self._lateness.merge(lateness)
        worst = result.worst
        if worst is not None and (self._worst is None or worst.lateness > self._worst.lateness):
            self._worst = worst

    def total(self) -> ReplayTotal:
        """Return the sum so far."""
        return ReplayTotal(
            clients=self._outcomes.total(),
            frames=self._frames,
            size=self._size,
            elapsed=self._elapsed,
            recorded=self._recorded,
            outcomes=dict(self._outcomes),
            lateness=self._lateness.summary(),
            worst=self._worst,
        )
