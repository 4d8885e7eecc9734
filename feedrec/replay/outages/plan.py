"""The outages of an endpoint, by time. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...feeds.venue import Close
from ..clock.time_types import RecordedSteady

__all__ = [
    "DROPPED",
    "FOREVER",
    "LONGEST_FAREWELL",
    "NOTHING_KNOWN",
    "Outage",
    "OutagePlan",
    "Refusal",
    "close_of",
    "refusal_of",
]

LONGEST_FAREWELL = 5_000_000_000
"""Nanoseconds before the end of a connection in which a frame that tells of an error belongs to that end."""

FOREVER = RecordedSteady(1 << 62)
"""Later than any recorded time."""

_ABNORMAL, _NO_STATUS = 1006, 1005  # codes that no close frame has (RFC 6455, 7.4.1)
_LONGEST_REASON = 123  # bytes that a close frame has room for (RFC 6455, 5.5)
_LONGEST_WAIT = 3600  # seconds (docs/format.md)

DROPPED = Close(_ABNORMAL, "")
"""How a connection ends of which no close frame came."""


class Refusal(NamedTuple):
    """
    How a handshake was answered.

    Attributes:
        time: When.
        status: The HTTP status; None if there was no answer.
        retry_after: For how many seconds the server asked not to be tried again, as text; empty if it did not.

    """

    time: RecordedSteady
    status: int | None
    retry_after: str = ""


NOTHING_KNOWN = Refusal(RecordedSteady(0), 503)
"""What is answered in an outage of which no attempt to connect is recorded."""


class Outage(NamedTuple):
    """
    A time without any connection.

    Attributes:
        begin: When the last connection ended.
        end: When the next one was open; clients are let in from there on.
        close: How the last connection ended.
        conn: The number of that connection in the timeline.
        refusals: How attempts to connect were answered, in the order of time.

    """

    begin: RecordedSteady
    end: RecordedSteady
    close: Close
    conn: int
    refusals: tuple[Refusal, ...] = ()

    def answer_at(self, time: RecordedSteady) -> Refusal:
        """Return how a handshake is answered: as the last recorded one, or as the first one if none was before."""
        if not self.refusals:
            return NOTHING_KNOWN
        before = bisect_right(self.refusals, time, key=_time_of)
        return self.refusals[max(0, before - 1)]


class OutagePlan:
    """
    The outages of an endpoint.

    Args:
        outages: Them, in any order.

    """

    def __init__(self, outages: Iterable[Outage] = ()) -> None:
        self._outages = sorted(outages, key=_begin_of)

    def __len__(self) -> int:
        return len(self._outages)

    @property
    def outages(self) -> Sequence[Outage]:
        """Them, in the order of time."""
        return self._outages

    def at(self, time: RecordedSteady) -> Outage | None:
        """Return the outage in which a time is; None if there was a connection, or nobody knows."""
        number = bisect_right(self._outages, time, key=_begin_of)
        found = self._outages[number - 1] if number else None
        return found if found is not None and time < found.end else None

    def after(self, time: RecordedSteady) -> Outage | None:
        """Return the first outage that begins after a time; None if there is none."""
        number = bisect_right(self._outages, time, key=_begin_of)
        return self._outages[number] if number < len(self._outages) else None


def close_of(details: Mapping[str, Any]) -> Close:
    """Return how a connection ends as a `close` event says; what no venue can have sent is a connection that broke."""
    code, reason = details.get("code"), details.get("reason")
    if details.get("error") is not None or type(code) is not int:  # then the code is that of the recorder
        return DROPPED
    if code == _NO_STATUS:
        return Close(_NO_STATUS, "")
    if not (1000 <= code < 1015 or 3000 <= code < 5000) or code in (1004, _ABNORMAL):
        return DROPPED
    text = reason if isinstance(reason, str) else ""
    return Close(code, text.encode(errors="replace")[:_LONGEST_REASON].decode(errors="ignore"))


def refusal_of(details: Mapping[str, Any], time: RecordedSteady) -> Refusal:
    """Return how a handshake was answered as a `refused` event says."""
    status, seconds = details.get("status"), details.get("retry_after")
    if type(status) is not int or not 200 <= status <= 999:
        return Refusal(time, None)
    if not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_WAIT:
        return Refusal(time, status)
    return Refusal(time, status, f"{max(1, round(seconds))}")  # a whole number (RFC 9110, 10.2.3)


def _begin_of(outage: Outage) -> RecordedSteady:
    return outage.begin


def _time_of(refusal: Refusal) -> RecordedSteady:
    return refusal.time
