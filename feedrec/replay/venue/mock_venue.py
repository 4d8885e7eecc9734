"""The venue that recordings stand for: what it offers, and what answers for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from ...feeds.auth import Auth
from ...feeds.server_half.closing import COMMON_SETTINGS, ClosingServer, read_closing
from ...feeds.state.new_state import new_state
from ...feeds.venue import FeedServer, Handshake, Refusal, Sample, VenueFeed
from ..timeline.coming_snapshots import ComingSnapshots
from ..timeline.survey import Survey, survey_recordings
from ..timeline.timeline import Timeline
from ..timeline.unchanged_files import UnchangedFiles
from .rebuild_process import RebuildProcess
from .visitors import RealVisitors

__all__ = ["MockVenue", "parted_settings"]


_surveys: UnchangedFiles[tuple[VenueFeed, Survey]] = UnchangedFiles()


class MockVenue:
    """
    Answers clients as the venue of a recording would.

    Args:
        feed: The venue's feed.
        timeline: The recordings, described by the feed.
        settings: Undocumented details of the venue.
        auth: How credentials are checked; None to accept any.
        keeps_states: Whether states that were rebuilt are kept in the user's cache folder.

    Attributes:
        feed: The venue's feed, as these recordings show it.
        catalogue_feed: The same as it was given.
        auth: How credentials are checked.
        keeps_states: See above.
        survey: What the recordings contain.
        rebuilder: Rebuilds the state of the market for late clients.
        coming: Tells which recorded snapshots come.

    Raises:
        UsageError: If a setting is unknown, or of another kind, or the feed's states are written for feedrec 0.1.
        RecordingError: If a recording cannot be read.

    """

    def __init__(
        self,
        feed: VenueFeed,
        timeline: Timeline,
        settings: Mapping[str, str],
        auth: Auth | None = None,
        *,
        keeps_states: bool = False,
    ) -> None:
        self.catalogue_feed = feed
        self.auth = auth or Auth(now=time.time_ns)
        self.keeps_states = keeps_states
        common, own = parted_settings(settings)
        feed.server({}, own, self.auth)  # what is wrong is refused now, not when the first client comes
        self._closing = read_closing(common, feed.name, getattr(feed, "close_reasons", {}))
        self._visitors = RealVisitors(time.monotonic_ns)
        new_state(feed, None)
        shifts = tuple(one.clock.shift for one in timeline.beginnings())
        survey = partial(_survey, feed, timeline, shifts)
        self.feed, self.survey = _surveys.find(timeline.paths, survey, about=(feed, shifts))
        self._settings = own
        self.rebuilder = RebuildProcess(timeline, feed, keeps=keeps_states)
        self.coming = ComingSnapshots(timeline)

    def server(self, in_front: Callable[[FeedServer], FeedServer] | None = None) -> FeedServer:
        """Make the server half for a client; `in_front` puts another one in front of the venue's own."""
        server = self.feed.server(self.survey.catalogue, self._settings, self.auth)
        server = server if in_front is None else in_front(server)
        return server if self._closing is None else ClosingServer(server, self._closing)

    def handshake(self, target: str, headers: Iterable[tuple[str, str]], address: str) -> Handshake:
        """Return what a client asks for when it connects, for `server` and `refusal`."""
        return Handshake(target, {name.lower(): value for name, value in headers}, address, self._visitors)

    def refusal(self, handshake: Handshake) -> Refusal | None:
        """Return how the venue refuses a handshake; None if it does not."""
        return self.server().on_handshake(handshake)

    def close(self) -> None:
        """End what rebuilds states."""
        self.rebuilder.close()


def _survey(feed: VenueFeed, timeline: Timeline, shifts: Sequence[int]) -> tuple[VenueFeed, Survey]:
    """Return the feed as recordings show it, and what they hold; their first frames are not needed any longer."""
    found = survey_recordings(timeline.paths, feed, shifts)
    return feed.as_recorded(found.sample), msgspec.structs.replace(found, sample=Sample())


def parted_settings(settings: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the settings that every venue has, and the others, which are a venue's own."""
    common = {name: text for name, text in settings.items() if name in COMMON_SETTINGS}
    return common, {name: text for name, text in settings.items() if name not in common}
