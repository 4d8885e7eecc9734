"""A run whose state a test sets, and its watch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from feedrec.feeds import find_feed
from feedrec.formats.file.growing.disk_standing import DiskStanding
from feedrec.formats.line.subscribed import SubscribedFacts
from feedrec.model import FrameInfo
from feedrec.recorder.output.counting_writer import Counts
from feedrec.recorder.session.summary import Progress
from feedrec.recorder.watching.incidents import Incident, Incidents
from feedrec.recorder.watching.run_watch import RunWatch

FEED = find_feed("coinbase-advanced")
UPDATE = b'{"channel":"l2_data","timestamp":"2026-11-21T17:00:00Z","sequence_num":1,"events":[]}'


class Watched:
    """
    A run and its watch.

    Attributes:
        now: Seconds of the steady clock.
        state: What the run is doing.
        disk: How its disk stands.
        told: The incidents.

    """

    def __init__(self, stale_after: float | None = None, limit: float | None = 20.0) -> None:
        self.now = 1000.0
        self.state, self.disk, self.backlog = "recording", DiskStanding(free=5_000), 0
        self.subscribed = SubscribedFacts()
        self.links_wanted = 1
        self.counts = Counts(connections=1)
        self.told: list[Incident] = []
        incidents = self._incidents = Incidents(now=lambda: self.now)
        incidents.listen(self.told.append)
        self.watch = RunWatch(
            "main", FEED.name, incidents, stale_after=stale_after, steady=lambda: self.now, wall=lambda: 0
        )
        self.link = SimpleNamespace(seconds_open=0.0, last_bytes=self.now, silence_limit=limit)
        self.watch.begin(self, self)

    file_size, frames_lost = 700, 0

    @property
    def progress(self) -> Progress:
        return Progress(self.state, self.now - 1000, self.counts, self.file_size)

    def open(self, number: int = 0, feed: Any = FEED) -> None:
        """Open a connection."""
        self.watch.add_connection(number, feed, self.link)
        self.link.seconds_open, self.link.last_bytes = 0.1, self.now

    def receive(self, number: int = 0, channel: str = "level2", payload: bytes = UPDATE) -> None:
        """Receive a frame, two seconds after 2026-11-21T17:00:00Z."""
        self.link.last_bytes = self.now
        info = FrameInfo(channel, kind="update")
        self.watch.frames(number, [(1_795_280_402_000_000_000, [payload])], [info], [len(payload)])

    def look_for(self, seconds: int) -> None:
        """Look each second, so many times."""
        for _ in range(seconds):
            self.now += 1
            self.watch.tick()
            self._incidents.tick()
