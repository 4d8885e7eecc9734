"""Where a replay is, as JSON has it. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...model import NANOSECONDS, TIME_LIMIT, format_time
from ..clock.lateness import LatenessSummary
from ..steering.status import ClientStatus, Status

__all__ = ["status_document"]

_MILLISECOND = 1_000_000
_EXACT = float(1 << 53)  # up to here, a float that is whole says so exactly


def status_document(
    status: Status, origin: int, endpoints: Sequence[str], *, rate: float, faults: int = 0
) -> dict[str, Any]:
    """
    Return what `GET /_feedrec/status` answers; docs/replay.md says what its keys mean.

    Args:
        status: Where the replay is.
        origin: The recorded time from which offsets count, in nanoseconds.
        endpoints: The names of what is served.
        rate: Frames a second.
        faults: How many faults there were.

    """
    start, end = status.start, status.end
    return {
        "state": status.state,
        "speed": _speed(status.speed),
        "start": _time(start),
        "end": _time(end),
        "present": _time(status.present),
        "offset_s": _seconds(status.present, origin),
        "duration_s": _seconds(end, start),
        "position": status.position,
        "frames": status.frames,
        "frames_per_second": round(rate, 1),
        "lateness_ms": _lateness(status.lateness),
        "faults": faults,
        "endpoints": list(endpoints),
        "clients": [_client(client, origin) for client in status.clients],
    }


def _client(client: ClientStatus, origin: int) -> dict[str, Any]:
    return {
        "client": client.client,
        "address": client.address,
        "endpoint": client.endpoint,
        "subscribed": client.subscribed,
        "state": client.state,
        "speed": _speed(client.speed),
        "present": _time(client.present),
        "offset_s": _seconds(client.present, origin),
        "frames": client.frames,
        "bytes": client.size,
        "lateness_ms": _lateness(client.lateness),
    }


def _speed(speed: float) -> float | str:
    if math.isinf(speed):
        return "max"
    return int(speed) if speed.is_integer() and speed < _EXACT else speed


def _time(time: int | None) -> str | None:
    """Return a time as text; None if it is none that text can have, as after a jump to nowhere."""
    return format_time(time) if time is not None and 0 <= time < TIME_LIMIT else None


def _seconds(time: int | None, since: int | None) -> float | None:
    return None if time is None or since is None else (time - since) / NANOSECONDS


def _lateness(lateness: LatenessSummary | None) -> dict[str, float] | None:
    if lateness is None:
        return None
    times = {"p50": lateness.p50, "p99": lateness.p99, "max": lateness.max}
    return {name: round(time / _MILLISECOND, 3) for name, time in times.items()}
