"""What somebody should know at once: of one run, as it happens, and not a thousand times."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from ...model import format_time

__all__ = ["AT_MOST_EVERY", "Incident", "IncidentKind", "Incidents"]

IncidentKind = Literal["gap", "stale", "disk", "clock", "ended"]

AT_MOST_EVERY = 60.0
"""Seconds between two incidents of one kind for one feed that are told of."""

log = logging.getLogger("feedrec")


class Incident(msgspec.Struct, frozen=True):
    """
    One thing that happened to a run.

    Attributes:
        kind: `gap`: frames are missing in the venue's sequence; `stale`: nothing has arrived for too long, or does
            again; `disk`: it takes nothing, or does again; `clock`: it was set, or is no longer kept right, or is
            again; `ended`: the run is over.
        time: Wall-clock time in nanoseconds.
        feed: Which run: its name in the configuration, else that of its endpoint; empty for what is of all of them.
        endpoint: Its endpoint.
        text: One line for a person.
        details: What is known of it: mostly the keys of the event in the recording. `over` is true where something has
            passed; `held_back` says how many others of this kind there were since the one before, and were not told.

    """

    kind: IncidentKind
    time: int
    feed: str
    endpoint: str
    text: str
    details: dict[str, Any] = {}

    def as_dict(self) -> dict[str, Any]:
        """Return it as a JSON object, its time as in a recording."""
        return msgspec.structs.asdict(self) | {"time": format_time(self.time)}


class Incidents:
    """
    Passes the incidents of all runs of a process on to whoever listens, on the event loop; a listener is quick.

    The first of a kind for a feed is told at once. Those that follow too soon are held back: the last of them is told
    when its time has come, with how many others there were.

    Args:
        every: Seconds between two of a kind for a feed.
        now: Seconds of a clock that never steps.

    """

    def __init__(self, every: float = AT_MOST_EVERY, now: Callable[[], float] = time.monotonic) -> None:
        self._every, self._now = every, now
        self._listeners: list[Callable[[Incident], object]] = []
        self._told: dict[tuple[str, str], float] = {}  # feed and kind: when one was told of
        self._held: dict[tuple[str, str], tuple[Incident, int]] = {}  # the last one, and how many there were before it

    def listen(self, listener: Callable[[Incident], object]) -> None:
        """Have a function called with each incident from now on."""
        self._listeners.append(listener)

    def tell(self, incident: Incident) -> None:
        """Tell of an incident, at once or when its time has come."""
        key, now = (incident.feed, incident.kind), self._now()
        self._forget(now)
        if key not in self._told and key not in self._held:
            self._pass_on(key, incident, now)
            return
        self._held[key] = incident, self._held[key][1] + 1 if key in self._held else 0
        if key not in self._told:
            self._release(key, now)

    def tick(self) -> None:
        """Tell of what was held back and whose time has come; to be called about each second."""
        now = self._now()
        self._forget(now)
        for key in [key for key in self._held if key not in self._told]:
            self._release(key, now)

    def flush(self) -> None:
        """Tell of everything that was held back."""
        for key in list(self._held):
            self._release(key, self._now())

    def _forget(self, now: float) -> None:
        self._told = {key: when for key, when in self._told.items() if now - when < self._every}

    def _release(self, key: tuple[str, str], now: float) -> None:
        incident, others = self._held.pop(key)
        if others:
            details = {**incident.details, "held_back": others}
            incident = msgspec.structs.replace(incident, details=details)
        self._pass_on(key, incident, now)

    def _pass_on(self, key: tuple[str, str], incident: Incident, now: float) -> None:
        """Pass it on; a listener that fails hurts neither the others nor the run."""
        self._told[key] = now
        for listener in self._listeners:
            try:
                listener(incident)
            except Exception:
                log.exception("an incident could not be passed on")
