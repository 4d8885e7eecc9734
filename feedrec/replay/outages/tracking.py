"""
From what happened to the connections of recordings to the outages of an endpoint. Pure.

1. An outage begins where the last open connection of a run ends, and ends where the run opens the next one.
2. Nothing begins where the run itself ended the connection: where the application did, for which a proxy had opened it,
   or where the run ended with it. What comes after the end of a run is not known, and so is no outage.
3. If the run ended while it tried to connect again, the outage ends with the last attempt; if it is still trying, it
   has no end yet.
4. Of several runs that recorded at the same time, all must be without a connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from ..clock.time_types import RecordedSteady
from .plan import FOREVER, Outage, OutagePlan, Refusal, close_of, refusal_of

__all__ = ["RunTrack", "Step", "combined"]

_OURS = ("client", "proxy")  # values of `by` in a `close` event that are not the venue


class Step(NamedTuple):
    """
    Something that happened to a connection.

    Attributes:
        kind: What.
        conn: The number of the connection in the recording.
        time: When; None if that is not known: then it is no beginning of an outage, and no end of one.
        details: The keys of the event.

    """

    kind: Literal["open", "close", "refused"]
    conn: int
    time: RecordedSteady | None
    details: Mapping[str, Any] = MappingProxyType({})


class _Lost(NamedTuple):
    """The end of the last open connection."""

    time: RecordedSteady
    conn: int
    details: Mapping[str, Any]


class RunTrack:
    """
    Follows the connections of one run, file by file.

    Attributes:
        outages: Those that were found so far.
        begin, end: The first and the last time that is known of the run; None if none is.
        goes_on: Whether it is still being recorded.

    """

    def __init__(self) -> None:
        self.goes_on = False
        self.begin: RecordedSteady | None = None
        self.end: RecordedSteady | None = None
        self._found: list[Outage] = []
        self._open: set[int] = set()
        self._lost: _Lost | None = None
        self._refusals: list[Refusal] = []

    @property
    def outages(self) -> list[Outage]:
        """Those that were found so far."""
        lost, refusals = self._lost, self._refusals
        if lost is None or not refusals:
            return self._found
        return [*self._found, self._outage(lost, FOREVER if self.goes_on else refusals[-1].time)]

    @property
    def has_open(self) -> bool:
        """Whether a connection is open, as far as is known."""
        return bool(self._open)

    def saw(self, time: RecordedSteady) -> None:
        """Take note that there is a line of the run at a time."""
        self.begin = time if self.begin is None else min(self.begin, time)
        self.end = time if self.end is None else max(self.end, time)

    def take(self, step: Step, first_conn: int = 0) -> None:
        """
        Take what happened next.

        Args:
            step: What.
            first_conn: What is added to the numbers of the connections of its file in the timeline.

        """
        if step.time is not None:
            self.saw(step.time)
        if step.kind == "open":
            lost, self._lost = self._lost, None
            if lost is not None and step.time is not None:
                self._found.append(self._outage(lost, step.time))
            self._open.add(step.conn)
        elif step.kind == "close":
            self._take_close(step, first_conn)
        elif self._lost is not None and step.time is not None:
            self._refusals.append(refusal_of(step.details, step.time))

    def _take_close(self, step: Step, first_conn: int) -> None:
        self._open.discard(step.conn)
        if self._open or step.time is None or step.details.get("by") in _OURS:
            return
        self._lost, self._refusals = _Lost(step.time, first_conn + step.conn, step.details), []

    def _outage(self, lost: _Lost, end: RecordedSteady) -> Outage:
        end = max(end, RecordedSteady(lost.time + 1))
        return Outage(lost.time, end, close_of(lost.details), lost.conn, tuple(self._refusals))


def combined(runs: Sequence[RunTrack]) -> OutagePlan:
    """Return the outages of runs that recorded the same endpoint, one after another or at the same time."""
    if len(runs) == 1:
        return OutagePlan(runs[0].outages)
    plans = [(run, OutagePlan(run.outages)) for run in runs]
    found: dict[RecordedSteady, Outage] = {}
    for run, plan in plans:
        others = [other for other in plans if other[0] is not run]
        for outage in plan.outages:
            common: Outage | None = outage
            for other, its in others:
                common = None if common is None else _shared(common, other, its)
            if common is not None:
                found.setdefault(common.begin, common)
    return OutagePlan(found.values())


def _shared(outage: Outage, run: RunTrack, plan: OutagePlan) -> Outage | None:
    """Return the part of an outage in which another run had no connection either; None if it had one at first."""
    its = plan.at(outage.begin)
    if its is not None:
        refusals = {*outage.refusals, *its.refusals}
        return outage._replace(end=min(outage.end, its.end), refusals=tuple(sorted(refusals, key=_time_of)))
    if run.begin is None or run.end is None or outage.end <= run.begin or run.end < outage.begin:
        return outage
    return outage._replace(end=run.begin) if outage.begin < run.begin else None


def _time_of(refusal: Refusal) -> RecordedSteady:
    return refusal.time
