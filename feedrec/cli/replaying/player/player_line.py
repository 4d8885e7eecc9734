"""The line that tells where a replay is. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ....model import NANOSECONDS, format_time
from ... import output
from ...live.live_line import fitting

if TYPE_CHECKING:
    from ....replay.steering.status import Status

__all__ = ["player_line"]

_HINT = "h shows the keys"


def player_line(status: Status, rate: float, width: int) -> str:
    """
    Return where a replay is, in what form fits best; what matters least is left out where none does.

    Args:
        status: How it is.
        rate: Frames that are handed over in a second.
        width: Columns that the line may have.

    """
    for form in (_long, _short):
        line = " | ".join(form(status, rate))
        if len(line) <= width:
            return line
    return fitting(_shortest(status, rate), width)


def _long(status: Status, rate: float) -> list[str]:
    return [_where(status, " of "), *_when(status), f"speed {_factor(status.speed)}", *_who(status, rate), _HINT]


def _short(status: Status, rate: float) -> list[str]:
    when = [time.partition("T")[2] for time in _when(status)]
    return [_where(status, " of "), *when, f"speed {_factor(status.speed)}", *_who(status, rate)]


def _shortest(status: Status, rate: float) -> list[str]:
    when = [time.partition("T")[2] for time in _when(status)]
    speed = _factor(status.speed)
    return [_where(status, "/"), *when, speed if math.isinf(status.speed) else f"{speed}x", *_who(status, rate)]


def _where(status: Status, of: str) -> str:
    """Return whether time passes, and how far it has come."""
    if status.state == "waiting" and status.expected > 1:
        return f"waiting for {status.expected - status.ready} of {output.count(status.expected, 'client')}"
    if status.present is None:
        return "waiting for a client" if status.state == "waiting" else status.state
    past, exactly = status.present - status.start, status.state == "paused"
    if status.end is None:
        return f"{status.state} {_offset(past, exactly=exactly)}"
    duration = status.end - status.start  # time goes on after it
    return f"{status.state} {_offset(min(past, duration), exactly=exactly)}{of}{_offset(duration)}"


def _when(status: Status) -> list[str]:
    """Return the recorded time: a paused replay may be stepped by less than a second."""
    if status.present is None:
        return []
    time = format_time(status.present)
    return [f"{time[:-7]}Z" if status.state == "paused" else f"{time[:-11]}Z"]


def _who(status: Status, rate: float) -> list[str]:
    """Return who is there, what they get, and how late."""
    facts = [output.count(len(status.clients), "client")]
    if status.state == "playing":
        facts.append(f"{rate:,.0f}/s")
    if status.lateness is not None:
        facts.append(f"p99 {status.lateness.p99 / 1e6:.3g} ms")
    return facts


def _offset(nanoseconds: int, *, exactly: bool = False) -> str:
    """Format `0:12`, `1:02:03`; exactly, `0:12.345`."""
    milliseconds = max(nanoseconds, 0) // (NANOSECONDS // 1000)
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
    return f"{text}.{rest:03d}" if exactly else text


def _factor(speed: float) -> str:
    if math.isinf(speed):
        return "max"
    return f"1/{1 / speed:.4g}" if speed < 1 and (1 / speed).is_integer() else f"{speed:,.4g}"
