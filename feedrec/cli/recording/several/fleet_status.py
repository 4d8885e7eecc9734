"""How several feeds stand: a line for all, and one for each."""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from ....recorder import Progress
from ....recorder.fleet.fleet import Fleet
from ....recorder.fleet.member import Member, MemberState
from ... import output
from ...live.live_line import LiveLine, fitting
from ...live.repeating import repeating
from ...logs import has_live_line
from ...terminal import GAP, coloured
from ..run import LOG_INTERVAL, REFRESH, status_line
from ..supervisor import supervised

__all__ = ["FleetStatus", "shown_status"]

_WIDEST_NAME = 20

log = logging.getLogger("feedrec")


class FleetStatus:
    """
    How a fleet stands, with rates since the last look.

    Args:
        fleet: The feeds.

    """

    def __init__(self, fleet: Fleet[Any]) -> None:
        self._fleet = fleet
        self._before: dict[int, Progress] = {}  # by the id of what it is of
        self._looked = 0.0

    def all_of_them(self, width: int | None = None) -> str:
        """Return the line for all."""
        now = self._fleet.progress
        return status_line(self._since(self._fleet, now), counted(self._fleet, now), width)

    def each(self, width: int | None = None, most: int | None = None) -> list[str]:
        """Return a line for each feed; if they are more than `most`, first those of which a person should read."""
        members = list(self._fleet.members.values())
        lines = self._lines(members, width)
        if most is None or len(lines) <= (most := max(most, 1)):
            return lines
        lines = self._lines(sorted(members, key=self._is_usual), width)
        return [*lines[: most - 1], fitting([f"and {len(lines) - most + 1} more"], width)]

    def unusual(self) -> list[str]:
        """Return the lines of the feeds of which a person should read: they are not recording, or have new gaps."""
        return self._lines([member for member in self._fleet.members.values() if not self._is_usual(member)])

    def looked(self) -> None:
        """Have rates and new gaps be those since this moment."""
        self._before = {id(member): member.total for member in self._fleet.members.values()}
        self._before[id(self._fleet)] = self._fleet.progress
        self._looked = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the last look."""
        return time.monotonic() - self._looked

    def _lines(self, members: Sequence[Member[Any]], width: int | None = None) -> list[str]:
        wide = min(max(map(len, self._fleet.members), default=0), _WIDEST_NAME)
        return [self._line(member, wide, width) for member in members]

    def _line(self, member: Member[Any], wide: int, width: int | None) -> str:
        name = f"{member.name[:_WIDEST_NAME].ljust(wide)}  "
        left = None if width is None else max(width - len(name), 1)
        progress, total = member.progress, member.total
        if progress is not None:
            now = msgspec.structs.replace(total, state=progress.state)
            return name + status_line(self._since(member, total), now, left)
        return name + fitting([_what_it_waits_for(member)], left)

    def _is_usual(self, member: Member[Any]) -> bool:
        gaps = member.total.counts.gaps - self._since(member, member.total).counts.gaps
        return member.is_recording and not gaps

    def _since(self, what: object, now: Progress) -> Progress:
        """Return how something stood at the last look; what is new began with nothing."""
        start = msgspec.structs.replace(now, seconds=0.0, counts=type(now.counts)(), file_size=0)
        return self._before.get(id(what), start)


def counted(fleet: Fleet[Any], now: Progress) -> Progress:
    """Return how all stand, with how many of them are recording as the state."""
    members = fleet.members.values()
    recording = sum(member.is_recording for member in members)
    text = now.state if fleet.is_stopping else f"{recording} of {len(members)} recording"
    return msgspec.structs.replace(now, state=text)


def _what_it_waits_for(member: Member[Any]) -> str:
    if member.state is MemberState.FAILED:
        return f"failed: {member.error}"
    if member.state is MemberState.WAITING:
        return f"trying again in {max(member.next_attempt - time.monotonic(), 0):.0f} s: {member.error}"
    return member.state.value


@contextlib.asynccontextmanager
async def shown_status(fleet: Fleet[Any]) -> AsyncIterator[None]:
    """Show how a fleet stands while the block lasts: on a terminal by live lines, else by lines of the log."""
    show = _live_lines(fleet) if has_live_line() else _log_lines(fleet)
    async with (
        show,
        supervised(fleet, lambda before, now: status_line(before, counted(fleet, now))),
    ):
        yield


@contextlib.asynccontextmanager
async def _live_lines(fleet: Fleet[Any]) -> AsyncIterator[None]:
    status = FleetStatus(fleet)
    status.looked()

    def show() -> None:
        first, rest = status.all_of_them(live.width), status.each(live.width, live.height - 1)
        gaps = fleet.progress.counts.gaps
        live.show(coloured(first, output.count(gaps, "gap"), GAP) if gaps else first, *rest)
        if status.age >= 1:
            status.looked()

    with LiveLine(sys.stderr) as live:
        async with repeating(show, REFRESH):
            yield


@contextlib.asynccontextmanager
async def _log_lines(fleet: Fleet[Any]) -> AsyncIterator[None]:
    status = FleetStatus(fleet)
    status.looked()

    def show() -> None:
        for line in (status.all_of_them(), *status.unusual()):
            log.info("%s", line)
        status.looked()

    async with repeating(show, LOG_INTERVAL):
        yield
