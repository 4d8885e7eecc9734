"""
What is known of one run for those who watch it: figures, incidents, and whether it is ready.

The receive path adds plain numbers here; whatever takes time is done when somebody asks.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ...feeds import Feed
from ...formats.file.growing.disk_standing import DiskStanding
from ...formats.line.frame_run import Read
from ...formats.line.subscribed import SubscribedFacts
from ...model import FrameInfo
from .figures import COUNTED, EndpointFigures, label
from .incidents import Incident, IncidentKind, Incidents
from .lag import LagSampler
from .rules import Change, DiskRule, StaleRule
from .shipping_facts import ShippingFacts
from .watched import Link, RunCounts, WatchedRecording, WatchedRun

__all__ = ["ENDED", "FAILED", "LATELY", "WAITING", "RunFacts", "RunWatch"]

LATELY = 25.0
"""Seconds within which something has arrived on a connection that lives: a silent one is pinged, and then dropped."""

NO_CONNECTION = 60.0
"""Seconds without a connection after which a feed is stale that may be silent for long, and any that needs it."""

WAITING, ENDED, FAILED = "waiting", "ended", "failed"
"""States of a run that has not begun, and of one that is over."""

log = logging.getLogger("feedrec")


class _Connection(msgspec.Struct):
    """A connection, and where what comes on it counts."""

    link: Link
    endpoint: str
    figures: EndpointFigures
    own_time: Callable[[bytes], int | None] | None


class RunFacts(msgspec.Struct, frozen=True):
    """
    A run at one moment, for those who show it.

    Attributes:
        feed, endpoint: As those of the watch.
        state: What it is doing: a `RunState`, `WAITING`, `ENDED` or `FAILED`.
        counts: Its figures as a whole; None before it begins: then there is nothing else to show.
        channels: Those of each endpoint and channel: frames, bytes, gaps, missing frames, resets, resyncs,
            and lags by size.
        open, wanted: Connections that are open, and how many there should be.
        missing_subscriptions: By channel, of those that were asked for, how many of its products are not served.
        last_frame_age: Seconds since a frame arrived; None before the first.
        backlog, file_size, frames_lost: See `GrowingRecording`.
        disk: See `DiskStanding`.
        waiting: Returns the finished files that wait for each step of what is done with them; it may wait for a lock.
        shipping: Returns how shipping stands, if anything is shipped; it may wait for a lock.

    """

    feed: str
    endpoint: str
    state: str
    counts: RunCounts | None = None
    channels: dict[tuple[str, str], tuple[int, int, int, int, int, int, list[int]]] = {}
    open: int = 0
    wanted: int = 0
    missing_subscriptions: dict[str, int] = {}
    last_frame_age: float | None = None
    backlog: int = 0
    file_size: int = 0
    frames_lost: int = 0
    disk: DiskStanding = DiskStanding()
    waiting: Callable[[], Mapping[str, int]] = dict
    shipping: Callable[[], ShippingFacts | None] = lambda: None


class RunWatch:
    """
    Watches one run, on the event loop.

    Args:
        feed: Its name in the configuration, else that of its endpoint.
        endpoint: Its endpoint.
        incidents: Told of what somebody should know at once.
        stale_after: Seconds without a frame that are too long; None for what its feed says.
        steady: Seconds of the clock of connections, `time.monotonic`.
        wall: Wall-clock time in nanoseconds.

    Attributes:
        feed, endpoint: As given.

    """

    def __init__(
        self,
        feed: str,
        endpoint: str,
        incidents: Incidents,
        *,
        stale_after: float | None = None,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.feed, self.endpoint = label(feed), label(endpoint)
        self._incidents, self._stale_after = incidents, stale_after
        self._steady, self._wall = steady, wall
        self._run: WatchedRun | None = None
        self._recording: WatchedRecording | None = None
        self._ended: str | None = None
        self._figures: dict[str, EndpointFigures] = {}
        self._connections: dict[int, _Connection] = {}
        self._sampler = LagSampler()
        self._last_frame: float | None = None
        self._quiet_since = steady()  # or before: from then on silence counts
        self._last_sign = self._quiet_since  # when a connection lived
        self._limit: float | None = None
        self._stale, self._disk = StaleRule(), DiskRule()
        self._partial = StaleRule("not all connections have been open", "all connections are open again")
        self._all_open = self._quiet_since  # when all were open
        self._waiting: Callable[[], Mapping[str, int]] = dict
        self._shipping: Callable[[], ShippingFacts | None] = lambda: None
        self._has_failed = False

    # Told by the run

    def begin(self, run: WatchedRun, recording: WatchedRecording) -> None:
        """Watch this run from now on."""
        self._run, self._recording = run, recording
        self._quiet_since = self._last_sign = self._all_open = self._steady()

    def add_steps(
        self, waiting: Callable[[], Mapping[str, int]], shipping: Callable[[], ShippingFacts | None] = lambda: None
    ) -> None:
        """Have it shown how many finished files wait for each step of what is done with them, and how shipping is."""
        self._waiting, self._shipping = waiting, shipping

    def add_connection(self, number: int, feed: Feed, link: Link) -> None:
        """Watch a connection, which is about to be opened."""
        name = label(feed.name)
        figures = self._figures.get(name)
        if figures is None:
            figures = self._figures[name] = EndpointFigures(feed.channels, self._is_asked_for)
        own_time = getattr(feed, "own_time", None)  # a plug-in's own feed need not have it
        self._connections[number] = _Connection(link, name, figures, own_time)

    def remove_connection(self, number: int) -> None:
        """Forget a connection that is over."""
        connection = self._connections.pop(number, None)
        if connection is not None:
            self._look_at([connection])

    def frames(self, conn: int, reads: Sequence[Read], infos: Sequence[FrameInfo], sizes: Sequence[int]) -> None:
        """
        Add received frames of one connection.

        Args:
            conn: The connection.
            reads: The frames, by the reads that completed them.
            infos: What they are.
            sizes: Bytes of each payload.

        """
        connection = self._connections.get(conn)
        if connection is None:
            return
        self._last_frame = self._steady()
        figures = connection.figures
        figures.add(infos, sizes)
        if connection.own_time is None:
            return
        try:
            for channel, lag in self._sampler.lags(reads, infos, connection.own_time):
                figures.of(channel).lag.observe(lag)
        except Exception as error:  # noqa: BLE001  frames are recorded whatever a feed cannot say about them
            connection.own_time = None
            self._warn_once(error)

    def event(self, conn: int, name: str, details: dict[str, Any]) -> None:
        """Add an event of the recording."""
        if name not in COUNTED:
            return
        connection = self._connections.get(conn)
        endpoint = self.endpoint if connection is None else connection.endpoint
        if connection is not None:
            connection.figures.event(name, details)
        if name == "gap":
            what = " ".join(str(details[key]) for key in ("channel", "product") if details.get(key))
            missing = details.get("missing", "some")
            text = f"{missing} {'frame is' if missing == 1 else 'frames are'} missing{what and f' of {what}'}"
            self._tell("gap", text, {**details, "conn": conn}, endpoint)

    def end(self, error: BaseException | None, *, is_wanted: bool) -> None:
        """
        Note that the run is over.

        Args:
            error: What ended it; None if nothing failed.
            is_wanted: Whether a person ended it.

        """
        if self._ended is not None:
            return
        self._ended = ENDED if error is None else FAILED
        self._connections.clear()
        if error is not None or not is_wanted:
            text = "the recording has ended" if error is None else f"the recording has ended: {error}"
            self._tell("ended", text, {"error": None if error is None else str(error)})

    # Looked at each second, and on demand

    def tick(self) -> None:
        """See whether anything lasts too long; to be called about each second."""
        if self._run is None or self._recording is None or self._ended is not None:
            return
        now = self._steady()
        self._look_at(self._connections.values())
        if self._run.progress.state in {"idle", "finishing"}:  # it wants nothing, and so nothing is amiss
            self._quiet_since = self._all_open = now
            self._stale.forget()
            self._partial.forget()
        else:
            self._judge_silence(now, self._run.links_wanted)
        disk = self._recording.disk
        self._tell_change("disk", self._disk.judge(now, disk.refusal, self._recording.backlog))

    def _judge_silence(self, now: float, wanted: int) -> None:
        silent, limit = self._silence(now)
        self._tell_change("stale", self._stale.judge(silent, limit))
        if self._open >= wanted or self._stale.is_stale:
            self._all_open = now
        self._tell_change("stale", self._partial.judge(now - self._all_open, NO_CONNECTION))

    @property
    def reasons(self) -> list[str]:
        """Why the feed is not ready: one line each; none if it is."""
        if self._ended is not None:
            return ["it has ended" if self._ended == ENDED else "it has failed"]
        if self._run is None or self._recording is None:
            return ["it has not begun"]
        state, now, found = self._run.progress.state, self._steady(), list[str]()
        if state == "finishing":
            return ["it is finishing"]
        if state != "idle":
            links = [one.link for one in self._connections.values() if one.link.seconds_open]
            silent, limit = self._silence(now)
            if not links:
                found.append("no connection is open")
            elif not any(now - link.last_bytes <= LATELY for link in links) or silent >= limit:
                found.append(f"nothing has arrived for {silent:.0f} s")
        refusal = self._recording.disk.refusal
        return found if refusal is None else [*found, f"the disk takes nothing: {refusal}"]

    def facts(self) -> RunFacts:
        """Return how the run stands at this moment."""
        run, recording, now = self._run, self._recording, self._steady()
        if run is None or recording is None:
            return RunFacts(self.feed, self.endpoint, self._ended or WAITING)
        progress, subscribed = run.progress, run.subscribed
        return RunFacts(
            self.feed,
            self.endpoint,
            self._ended or progress.state,
            progress.counts,
            {
                (endpoint, channel): one.as_tuple()
                for endpoint, figures in self._figures.items()
                for channel, one in figures.channels.items()
            },
            self._open,
            0 if self._ended else run.links_wanted,
            _missing(subscribed),
            None if self._last_frame is None else max(now - self._last_frame, 0.0),
            recording.backlog,
            recording.file_size,
            recording.frames_lost,
            recording.disk,
            self._waiting,
            self._shipping,
        )

    @property
    def _open(self) -> int:
        """How many connections are open."""
        return sum(connection.link.seconds_open > 0 for connection in self._connections.values())

    def _silence(self, now: float) -> tuple[float, float]:
        """Return for how many seconds nothing has arrived, and how many are too many."""
        last = max(self._quiet_since, self._last_frame or self._quiet_since)
        limit = self._stale_after or self._limit
        if limit is None:  # whether frames are rare or amiss, only the connection tells
            return max(now - max(last, self._last_sign), 0.0), NO_CONNECTION
        return max(now - last, 0.0), limit

    def _look_at(self, connections: Iterable[_Connection]) -> None:
        """Take note of which connections live, and of how long their feed says they may be silent."""
        links = [one.link for one in connections if one.link.seconds_open]
        if links:
            self._last_sign = max(self._last_sign, *(link.last_bytes for link in links))
            self._limit = max((limit for link in links if (limit := link.silence_limit) is not None), default=None)

    def _is_asked_for(self, channel: str) -> bool:
        asked = [] if self._run is None else self._run.subscribed.asked
        return any(one.get("channel") == channel for one in asked)

    def _tell_change(self, kind: IncidentKind, change: Change | None) -> None:
        if change is not None:
            self._tell(kind, change.text, change.details)

    def _tell(self, kind: IncidentKind, text: str, details: dict[str, Any], endpoint: str = "") -> None:
        incident = Incident(kind, self._wall(), self.feed, endpoint or self.endpoint, text, details)
        self._incidents.tell(incident)

    def _warn_once(self, error: Exception) -> None:
        if not self._has_failed:
            self._has_failed = True
            log.warning("%s: how late its frames are cannot be told (%r)", self.feed, error)


def _missing(subscribed: SubscribedFacts) -> dict[str, int]:
    """Return by channel, of those that were asked for, how many of its products are missing; itself, if it has none."""
    found = {label(str(one.get("channel", ""))): 0 for one in subscribed.asked}
    for one in subscribed.missing:
        channel = label(str(one.get("channel", "")))
        found[channel] = found.get(channel, 0) + len(one.get("products", [""]))
    return found
