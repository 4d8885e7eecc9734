"""The venue that recordings stand for: what it offers, and what answers for it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import msgspec

from ...feeds.auth import Auth
from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedServer, Sample, VenueFeed
from ..timeline.survey import Survey, survey_recordings
from ..timeline.timeline import Timeline
from .rebuild_process import RebuildProcess

__all__ = ["MockVenue"]


class MockVenue:
    """
    Answers clients as the venue of a recording would.

    Args:
        feed: The venue's feed.
        timeline: The recordings, described by the feed.
        settings: Undocumented details of the venue.
        auth: How credentials are checked; None to accept any.

    Attributes:
        feed: The venue's feed, as these recordings show it.
        survey: What the recordings contain.
        rebuilder: Rebuilds the state of the market for late clients.

    Raises:
        UsageError: If a setting is unknown, or of another kind, or the feed's states are written for feedrec 0.1.
        RecordingError: If a recording cannot be read.

    """

    def __init__(
        self, feed: VenueFeed, timeline: Timeline, settings: Mapping[str, str], auth: Auth | None = None
    ) -> None:
        self._auth = auth or Auth(now=time.time_ns)
        feed.server({}, settings, self._auth)  # what is wrong is refused now, not when the first client comes
        new_state(feed, None)
        found = survey_recordings(timeline.paths, feed, [one.clock.shift for one in timeline.beginnings()])
        self.feed = feed.as_recorded(found.sample)
        self.survey: Survey = msgspec.structs.replace(found, sample=Sample())
        self._settings = settings
        self.rebuilder = RebuildProcess(timeline, feed)

    def server(self) -> FeedServer:
        """Make the server half for a client."""
        return self.feed.server(self.survey.catalogue, self._settings, self._auth)

    def close(self) -> None:
        """End what rebuilds states."""
        self.rebuilder.close()
