"""How time passes for a client."""

from __future__ import annotations

import msgspec

from .schedule import Clock, Sleep
from .shared_clock import SharedTime
from .time_types import RecordedWall

__all__ = ["Timing"]


class Timing(msgspec.Struct, frozen=True):
    """
    How time passes for the clients of an endpoint.

    Attributes:
        speed: Recorded seconds per second; `math.inf` for as fast as the client reads.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        settle: Nanoseconds without a further message after which a client is taken to have said what it wants.
        beginning: The present before the replay has begun.
        shared: The one time of all clients, if they share it.

    """

    speed: float
    clock: Clock
    sleep: Sleep
    settle: int = 0
    beginning: RecordedWall = RecordedWall(0)
    shared: SharedTime | None = None
