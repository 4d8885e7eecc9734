"""
Playing frames to one client up to an outage.

The client is disconnected when the outage is due, after all frames that were recorded before, whatever the speed is,
and also where time is stepped. The frame with which the venue told of the error goes out, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from ....feeds.venue import Message
from ....model import Frame, FrameInfo
from ...clock.time_types import RecordedSteady, RecordedWall, Shift, wall_time
from ...outages.client_outages import ClientOutages
from ...outages.plan import Outage
from ...timeline.frame_batches import FrameBatch
from ...timeline.frame_stream import FrameSource
from ..playing.playback import Playback
from ..sending.outlet import ClientEnded
from ..venue_session import VenueSession

__all__ = ["OutagePlayback"]


class _Nothing:
    """Has nothing to send."""

    next_due: RecordedWall | None = None


class OutagePlayback(Playback):
    """The playing of a timeline to one client that may be disconnected; the arguments are those of `Playback`."""

    _patience = 0.1  # a recorder may just have written that there is an outage

    def amid(self, outages: ClientOutages, begin: RecordedSteady) -> OutagePlayback:
        """Have it end with outages, from where it begins; return it."""
        self._outages = outages
        self._is_near = False
        outages.begin(begin)
        if self._session is not None:
            self._hear_farewells(self._session)
        return self

    async def play(self, batch: FrameBatch, stream: FrameSource) -> None:
        self._is_near = await self._outages.look(batch.times)
        await super().play(batch, stream)

    async def move(self, time: RecordedSteady, shift: Shift) -> None:
        self._is_near = False
        self._outages.move(time)
        await super().move(time, shift)

    @property
    def _needs_attention(self) -> bool:
        return self._is_near or super()._needs_attention

    async def _attend(self, number: int) -> None:
        outage = self._outages.before(self.at.batch.times[number])
        if outage is not None:
            await self._end_with(outage)
        await super()._attend(number)

    async def _answer(self) -> None:
        await super()._answer()
        outage = self._outages.by_now(self._steady_present)
        if outage is not None:
            await self._end_with(outage)

    async def _end_with(self, outage: Outage) -> NoReturn:
        """Send what the venue would send up to the outage, wait until it is due, and end."""
        time = max(outage.begin, self.at.time)
        await self._go_to(wall_time(time, self.at.present_shift), time)
        await self._hand_over()
        await self._pace.unprompted_due(_Nothing(), time)
        self._outages.dismissal = outage.close
        raise ClientEnded("disconnected")

    def _hear_farewells(self, session: VenueSession) -> None:
        """Have the venue pass on what tells of the error for which it closed the connection."""
        on_frame = session.on_frame

        def with_farewells(frame: Frame, info: FrameInfo) -> Sequence[Message]:
            messages = on_frame(frame, info)
            if not messages and self._is_near and self._outages.is_farewell(frame, info, self.at.time):
                return (frame.payload,)
            return messages

        session.on_frame = with_farewells
