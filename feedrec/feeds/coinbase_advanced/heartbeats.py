"""Heartbeats that the server half makes: those of a server that does not exist, or of the recorded one, continued."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ...model import NANOSECONDS, Frame, parse_time
from ..decoding import decoder_of
from .frames import go_time, own_time

__all__ = ["Heartbeats"]

_MOMENT = re.compile(r"(\S+) (\S+) \+0000 UTC m=\+(\d{1,18})\.(\d{1,9})", re.ASCII)
_UPTIME_LIMIT = 100_000


class _Beat(msgspec.Struct):
    current_time: str
    heartbeat_counter: int | str


class _Frame(msgspec.Struct):
    events: list[_Beat]


_decode = decoder_of(_Frame)


class Heartbeats:
    """
    What the next heartbeat says: what follows the last one that a client got, recorded or made, if there was any.

    Attributes:
        last: The last recorded one.

    """

    def __init__(self) -> None:
        self.last: Frame | None = None
        self._begun: tuple[Frame, _Beat] | None = None
        self._count = 0

    def follow(self, payload: bytes, ahead: int) -> None:
        """Go on from a recorded one that the client did not get; the venue's clock is so many nanoseconds ahead."""
        time = own_time(payload)
        if self.last is None and time is not None:
            self.last = Frame(time - ahead, 0, payload)

    def next_due(self, time: int) -> int:
        """Return when the next one is due after a recorded time: whole seconds after the last one, if there was any."""
        return time + NANOSECONDS - (0 if self.last is None else (time - self.last.time) % NANOSECONDS)

    def next_event(self, due: int, time: int) -> dict[str, Any]:
        """Return the event of a heartbeat that is due at a recorded time, and sent at some time of the venue's."""
        last = self.last
        if last is not None and (self._begun is None or self._begun[0] is not last):
            frame = _decode(last.payload)
            self._begun = (last, frame.events[0]) if frame is not None and frame.events else None
            self._count = 0
        if self._begun is not None:
            self._count = max(self._count + 1, (due - self._begun[0].time) // NANOSECONDS)
            found = _later(self._begun[1], self._count, due - self._begun[0].time)
            if found is not None:
                return found
        return _of_no_server(due, time)


def _later(beat: _Beat, count: int, nanoseconds: int) -> dict[str, Any] | None:
    """Return the event of a heartbeat so many beats, and so many nanoseconds, after another; None if that is odd."""
    match = _MOMENT.fullmatch(beat.current_time)
    if match is None:
        return None
    uptime = int(match[3]) * NANOSECONDS + int(match[4].ljust(9, "0")) + nanoseconds
    try:
        current_time = _current_time(parse_time(f"{match[1]}T{match[2]}Z") + nanoseconds, uptime)
        counter = type(beat.heartbeat_counter)(int(beat.heartbeat_counter) + count)  # text in the document of the venue
    except ValueError:
        return None
    return {"current_time": current_time, "heartbeat_counter": counter}


def _of_no_server(due: int, time: int) -> dict[str, Any]:
    """Return the event of a heartbeat of a server that does not exist; its uptime must grow by one a second."""
    seconds, fraction = divmod(due, NANOSECONDS)
    uptime = seconds % _UPTIME_LIMIT
    return {"current_time": _current_time(time, uptime * NANOSECONDS + fraction), "heartbeat_counter": uptime}


def _current_time(moment: int, uptime: int) -> str:
    text = go_time(moment)
    seconds, fraction = divmod(uptime, NANOSECONDS)
    return f"{text[:10]} {text[11:-1]} +0000 UTC m=+{seconds}.{fraction:09d}"
