"""What a request to steer asks for: the last part of its path, and its parameters. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from ...errors import UsageError
from ...model import NANOSECONDS, TIME_LIMIT, format_time, parse_duration
from ...spelling import did_you_mean
from ...times import Moment, parse_moment, parse_speed
from ..clock.time_types import RecordedWall

__all__ = ["MOST_PATIENCE", "PATIENCE", "VERBS", "Order", "Verb", "moment_within", "parse_order"]

Verb = Literal["pause", "resume", "step", "seek", "speed"]
"""What can be asked for."""

VERBS: tuple[Verb, ...] = get_args(Verb)

PATIENCE = 30.0
"""Seconds that a step or a seek may take, unless the request says something else."""

MOST_PATIENCE = 600.0
"""What it may say at most."""

_PARAMETERS: Mapping[Verb, Collection[str]] = {
    "pause": ("client",),
    "resume": ("client",),
    "step": ("frames", "client", "timeout"),
    "seek": ("to", "client", "timeout"),
    "speed": ("value", "client"),
}
_TOKEN = "token"  # noqa: S105  the name of the parameter, which was looked at before
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_LONGEST_SHOWN = 60  # characters of a value that are quoted


class Order(msgspec.Struct, frozen=True):
    """
    What is to be done.

    Attributes:
        verb: What.
        client: The number of the client that it is for; None for all.
        frames: How many frames a step plays.
        to: Where a seek leads.
        speed: Recorded seconds per second; `math.inf` for as fast as clients read.
        patience: Seconds that it may take.

    """

    verb: Verb
    client: int | None = None
    frames: int = 1
    to: Moment = Moment(0, "start")
    speed: float = 1.0
    patience: float = PATIENCE

    @property
    def text(self) -> str:
        """What was done, for a line of the log."""
        done = {
            "pause": "paused",
            "resume": "resumed",
            "step": f"stepped by {self.frames}",
            "seek": f"moved to {_told(self.to)}",
            "speed": f"set to speed {'max' if math.isinf(self.speed) else f'{self.speed:g}'}",
        }[self.verb]
        return done if self.client is None else f"client {self.client} {done}"


def parse_order(verb: Verb, query: Sequence[tuple[str, str]]) -> Order:
    """
    Read what a request asks for.

    Args:
        verb: The last part of its path.
        query: Its parameters.

    Raises:
        UsageError: If a parameter is unknown, missing, given twice, or has a value that it cannot have.

    """
    given = _parameters(verb, query)
    client, frames, to, value, timeout = map(given.get, ("client", "frames", "to", "value", "timeout"))
    if verb == "seek" and to is None:
        raise UsageError("seek needs a time: ?to=%2B30s, or ?to=2026-11-21T17:00:30Z")
    if verb == "speed" and value is None:
        raise UsageError("speed needs a value: ?value=10, or ?value=max")
    return Order(
        verb,
        client=None if client is None else _number("client", client, least=1),
        frames=1 if frames is None else _number("frames", frames, least=0),
        to=Moment(0, "start") if to is None else _moment(to),
        speed=1.0 if value is None else _speed(value),
        patience=PATIENCE if timeout is None else _patience(timeout),
    )


def moment_within(to: Moment, start: int) -> RecordedWall:
    """
    Return the time that a moment is in a recording that starts at `start`, in nanoseconds.

    Raises:
        UsageError: If that is before 1970, or after the year 9999.

    """
    time = to.within(start)
    if not 0 <= time < TIME_LIMIT:
        raise UsageError("to is out of range: give a time between the start and the end of the recording")
    return RecordedWall(time)


def _parameters(verb: Verb, query: Sequence[tuple[str, str]]) -> dict[str, str]:
    given = [(name, value) for name, value in query if name != _TOKEN]
    for name, count in Counter(name for name, _ in given).items():
        known = _PARAMETERS[verb]
        if name not in known:
            near = did_you_mean(name[:_LONGEST_SHOWN], known)
            raise UsageError(f"{verb} has no parameter {_shown(name)}{near} (it has {', '.join(known)})")
        if count > 1:
            raise UsageError(f"{name} is given {count} times")
    return dict(given)


def _number(name: str, text: str, *, least: int) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) < least:
        raise UsageError(f"{name} is a whole number, {least} or more, not {_shown(text)}")
    return int(text)


def _moment(text: str) -> Moment:
    # A + that is not written as %2B arrives as a space.
    moment = parse_moment(f"+{text[1:]}" if text.startswith(" ") else text)
    if moment is None:
        raise UsageError(f"to is an offset such as %2B30s, or a time such as 2026-11-21T17:00:30Z, not {_shown(text)}")
    return moment


def _speed(text: str) -> float:
    speed = parse_speed(text)
    if speed is None:
        raise UsageError(f"value is a positive number such as 10 or 0.5, or max, not {_shown(text)}")
    return speed


def _patience(text: str) -> float:
    seconds = parse_duration(text)
    if seconds is None or not 0 < seconds <= MOST_PATIENCE:
        raise UsageError(f"timeout is a duration such as 500ms or 10s, up to {MOST_PATIENCE:g}s, not {_shown(text)}")
    return seconds


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}...")


def _told(moment: Moment) -> str:
    if moment.since == "1970":
        return format_time(moment.nanoseconds)
    return f"{moment.nanoseconds / NANOSECONDS:+g} s of {'the recording' if moment.since == 'start' else 'the day'}"
