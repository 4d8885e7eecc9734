"""How time passes for a client."""

from __future__ import annotations

import msgspec

from .schedule import Clock, Sleep
from .shared_clock import SharedTime

__all__ = ["Timing"]


class Timing(msgspec.Struct, frozen=True):
    """
    How time passes.

    Attributes:
        speed: Recorded seconds per second; `math.inf` for as fast as the client reads.
        clock: Tells the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets others run.
        settle: Nanoseconds without a further message after which a client has said what it wants.
        beginning: The recorded time before the replay has begun, in nanoseconds.
        shared: The time of all clients, if they have one.

    """

    speed: float
    clock: Clock
    sleep: Sleep
    settle: int = 0
    beginning: int = 0
    shared: SharedTime | None = None
