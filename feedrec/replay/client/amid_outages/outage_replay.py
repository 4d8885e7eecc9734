"""The replay to a client that is disconnected where the venue did so."""

from __future__ import annotations

import asyncio

from ....feeds.venue import Close
from ...clock.schedule import Schedule
from ...clock.time_types import RecordedSteady, Shift
from ...outages.client_outages import ClientOutages
from ..client import ClientReplay
from ..playing.playback import Playback
from .door import Door
from .outage_playback import OutagePlayback

__all__ = ["OutageReplay"]

_LOOK_EVERY = 0.1  # seconds between looks at the time of a client that has not subscribed


class OutageReplay(ClientReplay):
    """Plays an endpoint's timeline to one client; the arguments are those of `ClientReplay`."""

    _door: Door
    _outages: ClientOutages

    def pass_through(self, door: Door) -> None:
        """Take note that it was let in just now."""
        self._door, self._outages = door, door.let_in()

    @property
    def was_cut_off(self) -> bool:
        return self._outages.dismissal is not None

    @property
    def _dismissal(self) -> Close | None:
        return self._outages.dismissal or super()._dismissal

    def _make_playback(self, first_time: RecordedSteady, shift: Shift, schedule: Schedule) -> Playback:
        timing, outlet, session, crowd = self._timing, self._outlet, self._session, self._crowd
        playback = OutagePlayback(first_time, shift, timing, outlet, session, crowd, schedule, self._follower)
        return playback.amid(self._outages, first_time)

    async def _wait_for_word(self) -> bool:
        """Wait for what begins the replay, until there is an outage."""
        waiting = asyncio.ensure_future(super()._wait_for_word())
        try:
            while not (await asyncio.wait({waiting}, timeout=_LOOK_EVERY))[0]:
                outage = self._outages.by_now(self._door.now) if self._door.has_begun else None
                if outage is not None:
                    self._outages.dismissal = outage.close
                    await self._dismiss(outage.close)
                    return False
            return waiting.result()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
