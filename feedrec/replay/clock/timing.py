"""How time passes for a client."""

from __future__ import annotations

import msgspec

from .schedule import Clock, Sleep
from .tempo import Tempo
from .time_types import RecordedWall

__all__ = ["Timing"]


class Timing(msgspec.Struct, frozen=True):
    """
    How time passes for the clients of an endpoint.

    Attributes:
        tempo: How fast; infinitely fast is as fast as the client reads.
        clock: Returns the monotonic time.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.
        settle: Nanoseconds without a further message after which a client is taken to have said what it wants.
        beginning: The present before the replay has begun.

    """

    tempo: Tempo
    clock: Clock
    sleep: Sleep
    settle: int = 0
    beginning: RecordedWall = RecordedWall(0)
