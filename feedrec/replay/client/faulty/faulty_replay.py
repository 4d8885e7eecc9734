"""The replay to a client whose frames are hit."""

from __future__ import annotations

from ....feeds.venue import Close
from ...clock.schedule import Schedule
from ...clock.time_types import RecordedSteady, Shift
from ...faults.faulty_server import FaultyServer
from ..client import ClientReplay
from ..playing.playback import Playback
from ..venue_session import VenueSession
from .faulty_playback import FaultyPlayback

__all__ = ["FaultyReplay"]


class FaultyReplay(ClientReplay):
    """
    Plays an endpoint's timeline to one client, whose frames are hit; the arguments are those of `ClientReplay`.

    Attributes:
        faulty: What hits them.
        passing: What they pass through: its session with the venue, behind what hits them; or one that sends it every
            frame.

    """

    faulty: FaultyServer
    passing: VenueSession

    @property
    def was_cut_off(self) -> bool:
        return self.faulty.has_disconnected

    @property
    def _dismissal(self) -> Close | None:
        return self.passing.dismissal

    def _join(self) -> None:
        present = None if self.timeline is None or self._words.has_begun else self.timeline.present
        if present is not None:
            self.faulty.join(present)
        super()._join()

    def _make_playback(self, first_time: RecordedSteady, shift: Shift, schedule: Schedule) -> Playback:
        timing, outlet, crowd, follower = self._timing, self._outlet, self._crowd, self._follower
        playback = FaultyPlayback(first_time, shift, timing, outlet, self.passing, crowd, schedule, follower)
        playback.faulty, playback.passing = self.faulty, self.passing
        return playback
