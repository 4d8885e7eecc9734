"""What a feed notices on a connection: to the log, to the recording, and, if it is fatal, to the run."""

from __future__ import annotations

import logging
import time as clocks
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import VenueError
from ..feeds import Acceptance, FeedClient, Notice
from ..feeds.redaction import Redaction
from ..feeds.state.doubts import REVEALING
from ..formats.file.growing.disk_rules import REPORT_EVERY
from .output.counting_writer import CountingWriter
from .resync.resync import Resync

__all__ = ["MOST_LINES", "MOST_TEXT", "NoticeLimit", "Notices"]

MOST_TEXT = 4_000
"""Characters of an error that are logged, and recorded as an event: a message may have 64 MiB."""

MOST_LINES = 10
"""Lines of one kind of notice that are logged of one connection in `REPORT_EVERY` seconds."""

log = logging.getLogger("feedrec")


class NoticeLimit:
    """
    Says which notices are logged, where a venue causes thousands a second; the recording has all of them.

    Kinds are names that feeds give, so that there are few. Times are seconds of a steady clock.
    """

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._lines: dict[str, int] = {}

    def allows(self, kind: str, now: float) -> bool:
        """Return whether one more is to be logged; else it is counted."""
        self._since.setdefault(kind, now)
        self._lines[kind] = self._lines.get(kind, 0) + 1
        return self._lines[kind] <= MOST_LINES

    def held_back(self, now: float) -> dict[str, int]:
        """Return how many were held back, by kind, where the time is over; for these it begins anew."""
        return self._take([kind for kind, since in self._since.items() if now - since >= REPORT_EVERY])

    def rest(self) -> dict[str, int]:
        """Return how many were held back, by kind, at the end."""
        return self._take(list(self._since))

    def _take(self, kinds: list[str]) -> dict[str, int]:
        found = {}
        for kind in kinds:
            del self._since[kind]
            if (more := self._lines.pop(kind) - MOST_LINES) > 0:
                found[kind] = more
        return found


class Notices:
    """
    Passes on what the client half of one connection notices, and what the venue accepted.

    Args:
        client: The client half.
        redaction: What must not be recorded or logged.
        writer: Told of problems, for the summary.
        write_event: Writes an event of the connection: its name, its details, and its time, None for now.
        on_refusal: Called when the venue refuses for good; the flag is that of `Notice.is_about_all`.
        resync: Told of missed frames. While it is amid something, it is not recorded what is accepted: a book that is
            unsubscribed for a moment is not missing.

    Attributes:
        on_leave: Called with the reason when the connection should be left for another one.

    """

    def __init__(
        self,
        client: FeedClient,
        redaction: Redaction,
        writer: CountingWriter,
        write_event: Callable[[str, dict[str, Any], int | None], object],
        on_refusal: Callable[[VenueError, bool], object],
        resync: Resync,
    ) -> None:
        self._client = client
        self._redaction = redaction
        self._writer = writer
        self._write_event = write_event
        self._on_refusal = on_refusal
        self._resync = resync
        self._acceptance: Any = _together(Acceptance())
        self._limit = NoticeLimit()
        self.on_leave: Callable[[str], object] = lambda _: None

    def report(self, notices: Sequence[Notice], time: int | None = None) -> None:
        """
        Pass on what the feed noticed.

        Args:
            notices: What it noticed.
            time: When, in nanoseconds; None for now.

        """
        for notice in notices:
            text = _cut(self._redaction.text(notice.text))  # in this order: half a secret would not be found
            self._log(notice, text)
            details = {key: _cut(value) for key, value in self._redaction.details(notice.details).items()}
            if notice.event is not None:
                self._write_event(notice.event, details, time)
                if notice.event in REVEALING:
                    self._resync.lost(notice.event, details.get("product"))
            if notice.event in {"error", "missing"} or notice.severity == "fatal":
                self._writer.problem(text, str(details.get("reason", "")))
            if notice.should_leave:
                self.on_leave(text)
            if notice.severity == "fatal":
                self._on_refusal(VenueError(text), notice.is_about_all)
        if notices:
            self.record_acceptance(time)

    def end(self) -> None:
        """Pass on what is left at the end of the connection."""
        self.record_acceptance()
        _tell_held_back(self._limit.rest())

    def record_acceptance(self, time: int | None = None) -> None:
        """Record what the venue accepted, if that is settled and something else than before."""
        if self._resync.is_amid:
            return
        acceptance = self._client.acceptance
        if acceptance is not None and (together := _together(acceptance)) != self._acceptance:
            self._acceptance = together
            self._write_event("subscribed", self._redaction.details(acceptance.as_dict()), time)

    def _log(self, notice: Notice, text: str) -> None:
        now = clocks.monotonic()
        _tell_held_back(self._limit.held_back(now))
        if notice.severity == "fatal" or self._limit.allows(notice.event or "", now):
            log.log(logging.INFO if notice.severity == "info" else logging.WARNING, "%s", text)

    def repeat_acceptance(self) -> None:
        """Record what the venue accepted once more: another connection said something else of the same."""
        self._acceptance = _together(Acceptance())
        self.record_acceptance()


def _tell_held_back(held_back: Mapping[str, int]) -> None:
    for kind, more in held_back.items():
        log.warning("%s: so many that %s more were not logged", kind or "notices of the venue", f"{more:,}")


def _together(acceptance: Acceptance) -> list[list[tuple[str, frozenset[str], dict[str, Any]]]]:
    """Return what was accepted in a form that does not depend on the order in which it was asked for."""
    sides = acceptance.asked, acceptance.accepted, acceptance.missing
    return [
        sorted(((one.channel, frozenset(one.products), one.params) for one in side), key=lambda one: one[0])
        for side in sides
    ]


def _cut(value: Any) -> Any:
    """Cut a text that a venue made too long to read; the frame that it came in is recorded whole."""
    if isinstance(value, str) and len(value) > MOST_TEXT:
        return f"{value[:MOST_TEXT]}..."
    return value
