"""Playing frames to one client of which some come later, or not at all."""

from __future__ import annotations

from ...clock.time_types import RecordedSteady, RecordedWall, Shift
from ...faults.faulty_server import FaultyServer
from ...faults.frame_faults import Frames
from ...timeline.frame_batches import FrameBatch
from ...timeline.frame_stream import FrameSource
from ..playback import Playback
from ..venue_session import VenueSession

__all__ = ["FaultyPlayback"]


class FaultyPlayback(Playback):
    """
    The playing of a timeline to one client whose frames are hit; the arguments are those of `Playback`.

    Attributes:
        faulty: What hits them.
        passing: The session that they pass through.

    """

    faulty: FaultyServer
    passing: VenueSession

    async def play(self, batch: FrameBatch, stream: FrameSource) -> None:
        self.faulty.begin(Frames(batch.frames, batch.infos, batch.lines), self.present)
        await super().play(batch, stream)

    async def move(self, time: RecordedSteady, shift: Shift) -> None:
        self.faulty.forget()
        await super().move(time, shift)

    async def end(self, position: int | None = None) -> None:
        """Handle the end of the recordings, once what is held back has gone out; raises as `play` does."""
        await self._wait_for_end()
        self.faulty.finish()
        while (until := self.faulty.held_until) is not None:
            await self._send_unprompted(self.passing, RecordedWall(until))
        await self._hand_over()
        await super().end(position)
