"""The venue that recordings make up: what it has, and who answers for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ..feeds.auth import Auth
from ..feeds.venue import VenueFeed
from .outlet import Outlet
from .rebuild import Rebuilder
from .survey import Survey, look_at
from .talk import VenueTalk
from .timeline import Timeline

__all__ = ["MockVenue"]


class MockVenue:
    """
    Answers clients as the venue of a recording would.

    Args:
        feed: The venue's.
        timeline: The recordings, described by the feed.
        settings: What is not known of the venue.
        auth: What clients must prove; None to be content with any credentials.

    Attributes:
        survey: What the recordings hold.

    Raises:
        UsageError: If a setting is unknown, or of another kind.
        RecordingError: If a recording cannot be read.

    """

    def __init__(
        self, feed: VenueFeed, timeline: Timeline, settings: Mapping[str, str], auth: Auth | None = None
    ) -> None:
        self._auth = auth or Auth(now=time.time_ns)
        feed.server({}, settings, self._auth)  # refuses bad settings now, not when the first client comes
        self.survey: Survey = look_at(timeline.paths, feed)
        self._feed = feed
        self._settings = settings
        self._rebuilder = Rebuilder(timeline, feed)

    def talk_to(self, outlet: Outlet, remark: Callable[[str], None]) -> VenueTalk:
        """Begin to talk to a client; `remark` is called with what the person who runs the replay should know."""
        server = self._feed.server(self.survey.catalogue, self._settings, self._auth)
        return VenueTalk(server, self._rebuilder, outlet, remark)
