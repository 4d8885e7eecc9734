"""The venue that recordings stand for: what it offers, and what answers for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from ...feeds.auth import Auth
from ...feeds.state.new_state import new_state
from ...feeds.venue import Sample, VenueFeed
from ..timeline.coming_snapshots import ComingSnapshots
from ..timeline.survey import Survey, survey_recordings
from ..timeline.timeline import Timeline
from ..timeline.unchanged_files import UnchangedFiles
from .answering.served_venue import ServedVenue
from .rebuild_process import RebuildProcess

__all__ = ["MockVenue"]


_surveys: UnchangedFiles[tuple[VenueFeed, Survey]] = UnchangedFiles()


class MockVenue(ServedVenue):
    """
    Answers clients as the venue of a recording would.

    Args:
        feed: The venue's feed.
        timeline: The recordings, described by the feed.
        settings: Undocumented details of the venue.
        auth: How credentials are checked; None to accept any.
        keeps_states: Whether states that were rebuilt are kept in the user's cache folder.

    Attributes:
        catalogue_feed: The feed as it was given.
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
        super().__init__(feed, {}, settings, auth)
        self.catalogue_feed = feed
        self.keeps_states = keeps_states
        new_state(feed, None)
        shifts = tuple(one.clock.shift for one in timeline.beginnings())
        survey = partial(_survey, feed, timeline, shifts)
        self.feed, self.survey = _surveys.find(timeline.paths, survey, about=(feed, shifts))
        self.catalogue = self.survey.catalogue
        self.rebuilder = RebuildProcess(timeline, feed, keeps=keeps_states)
        self.coming = ComingSnapshots(timeline)

    def close(self) -> None:
        """End what rebuilds states."""
        self.rebuilder.close()


def _survey(feed: VenueFeed, timeline: Timeline, shifts: Sequence[int]) -> tuple[VenueFeed, Survey]:
    """Return the feed as recordings show it, and what they hold; their first frames are not needed any longer."""
    found = survey_recordings(timeline.paths, feed, shifts)
    return feed.as_recorded(found.sample), msgspec.structs.replace(found, sample=Sample())
