"""What somebody should know at once: of one run, as it happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from ...model import format_time

__all__ = ["Incident", "IncidentKind", "Incidents"]

IncidentKind = Literal["gap", "stale", "disk", "clock", "ended"]

log = logging.getLogger("feedrec")


class Incident(msgspec.Struct, frozen=True):
    """
    One thing that happened to a run.

    Attributes:
        kind: `gap`: frames are missing in the venue's sequence; `stale`: nothing has arrived for too long; `disk`: it
            takes nothing, or does again; `clock`: it was set, or is no longer kept right; `ended`: the run is over.
        time: Wall-clock time in nanoseconds.
        feed: Which run: its name in the configuration, else that of its endpoint.
        endpoint: Its endpoint.
        text: One line for a person.
        details: What is known of it: mostly the keys of the event in the recording.

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
    """Passes the incidents of all runs of a process on to whoever listens, on the event loop; a listener is quick."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Incident], object]] = []

    def listen(self, listener: Callable[[Incident], object]) -> None:
        """Have a function called with each incident from now on."""
        self._listeners.append(listener)

    def tell(self, incident: Incident) -> None:
        """Tell of an incident; a listener that fails hurts neither the others nor the run."""
        for listener in self._listeners:
            try:
                listener(incident)
            except Exception:
                log.exception("an incident could not be passed on")
