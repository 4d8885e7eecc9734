"""The replay to a client whose frames are hit."""

from __future__ import annotations

from ....feeds.venue import Close
from ...clock.schedule import Schedule
from ...clock.time_types import RecordedSteady, Shift
from ...faults.faulty_server import FaultyServer
from ..client import ClientReplay
from ..playback import Playback
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
    def _dismissal(self) -> Close | None:
        return self.passing.dismissal

    def _make_playback(self, first_time: RecordedSteady, shift: Shift, schedule: Schedule) -> Playback:
        timing, outlet, crowd, follower = self._timing, self._outlet, self._crowd, self._follower
        playback = FaultyPlayback(first_time, shift, timing, outlet, self.passing, crowd, schedule, follower)
        playback.faulty, playback.passing = self.faulty, self.passing
        return playback
