"""What a run watch needs to know of: a connection, a run, what it writes to."""

from __future__ import annotations

from typing import Protocol

from ...formats.file.growing.disk_standing import DiskStanding
from ...formats.line.subscribed import SubscribedFacts

__all__ = ["Link", "RunCounts", "RunProgress", "WatchedRecording", "WatchedRun"]


class Link(Protocol):
    """A connection, as far as it is watched; times are seconds of `time.monotonic`."""

    @property
    def seconds_open(self) -> float:
        """Seconds since it was opened; 0 if it is not open."""

    @property
    def last_bytes(self) -> float:
        """When anything arrived last."""

    @property
    def silence_limit(self) -> float | None:
        """Seconds without a frame that the feed calls impossible; None if frames may be rare."""


class RunCounts(Protocol):
    """The counts of a run; see `Counts`."""

    @property
    def out_of_order(self) -> int: ...
    @property
    def reconnects(self) -> int: ...


class RunProgress(Protocol):
    """How a run stands; see `Progress`."""

    @property
    def state(self) -> str: ...
    @property
    def counts(self) -> RunCounts: ...


class WatchedRun(Protocol):
    """A run, as far as it is watched."""

    @property
    def progress(self) -> RunProgress:
        """How it stands."""

    @property
    def subscribed(self) -> SubscribedFacts:
        """What was asked for, and what the venue accepted."""

    @property
    def links_wanted(self) -> int:
        """How many connections it keeps open."""


class WatchedRecording(Protocol):
    """What the run writes to; see `GrowingRecording`."""

    @property
    def backlog(self) -> int: ...
    @property
    def file_size(self) -> int: ...
    @property
    def frames_lost(self) -> int: ...
    @property
    def disk(self) -> DiskStanding: ...
