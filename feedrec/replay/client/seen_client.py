"""A client as others see it: who it is, and how far its replay is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from ...model import Frame
from ..clock.lateness import LateFrame, LatenessHistogram
from ..clock.time_types import RecordedSteady, RecordedWall, Shift, steady_time, wall_time
from ..steering.followers import Follower
from ..steering.one_timeline import OneTimeline
from ..timeline.frame_batches import FrameBatch
from ..venue.endpoints import Endpoint
from .connection import ReplayConnection, address_of, host_of
from .playing.playback import Playback
from .sending.outlet import Outlet
from .venue_session import VenueSession

__all__ = ["SeenClient"]


class SeenClient:
    """
    A client as others see it.

    Args:
        number: The client's number.
        connection: Its connection, open.
        endpoint: What is played to it.
        outlet: Takes the frames.
        session: Answers the client; None to send it every frame.
        timeline: What it follows: the timeline of all, or its own; None in a dialogue.

    Attributes:
        number: See above.
        host: The address that it came from, without the port; empty if it is gone.
        address: The same with the port, as people write it.
        name: Its number and address.
        timeline: See above.
        has_ended: Whether it was sent everything.

    """

    def __init__(
        self,
        number: int,
        connection: ReplayConnection,
        endpoint: Endpoint,
        outlet: Outlet,
        session: VenueSession | None,
        timeline: OneTimeline | None,
    ) -> None:
        self.number = number
        self.host = host_of(connection)
        self.address = address_of(connection)
        self.name = f"client {number} ({self.address})"
        self.timeline = timeline
        self.has_ended = False
        self._connection = connection
        self._endpoint = endpoint
        self._timing = endpoint.timing
        self._outlet = outlet
        self._session = session
        self._follower: Follower | None = None
        self._playback: Playback | None = None

    @property
    def lateness(self) -> LatenessHistogram:
        """How late its frames were."""
        return LatenessHistogram() if self._playback is None else self._playback.handed.lateness

    @property
    def worst(self) -> LateFrame | None:
        """The frame that was later than all others; None if none was late."""
        worst = None if self._playback is None else self._playback.handed.worst
        return None if worst is None else msgspec.structs.replace(worst, client=self.number)

    @property
    def present(self) -> RecordedWall:
        """The recorded time that is now."""
        heading_for = None if self._follower is None else self._follower.heading_for
        if self._playback is not None and heading_for is not None:
            return wall_time(heading_for, self._playback.at.present_shift)
        if self._playback is not None:
            return self._playback.present
        present = self._shared_present
        return self._timing.beginning if present is None else wall_time(present, Shift(0))

    def _stamped_present(self) -> RecordedWall:
        """Return the present, as of which what is made next is stamped."""
        present = self.present
        if self._playback is not None:
            self._playback.stamp_present()
        else:
            self._outlet.be_at(steady_time(present, Shift(0)), present)
        return present

    @property
    def reached(self) -> tuple[FrameBatch, int] | None:
        """The batch that is played, and how many of its frames are past; None before the first."""
        return None if self._playback is None else self._playback.at.reached

    def venue_time(self, present: RecordedWall) -> int:
        """Return what the venue's clock says at the present; where nobody answers, that is the recorder's."""
        return present if self._session is None else self._session.time.clock.shown(present)

    @property
    def frame_at_hand(self) -> Frame | None:
        """The recorded frame that it is sent now, or is next; None if it is not known."""
        return None if self._playback is None else self._playback.at.frame_at_hand

    @property
    def endpoint_name(self) -> str:
        """The name of the endpoint that it connected to."""
        return self._endpoint.name

    @property
    def subscribed(self) -> Mapping[str, Collection[str]]:
        """What it has subscribed, as `FeedServer` has it; nothing if it is sent every frame."""
        return {} if self._session is None else self._session.subscribed

    @property
    def has_begun(self) -> bool:
        """Whether its replay has begun."""
        return self._playback is not None

    @property
    def frames(self) -> int:
        """How many messages were handed to its transport because of recorded frames."""
        return 0 if self._playback is None else self._playback.handed.count

    @property
    def size(self) -> int:
        """Bytes of payload that were handed to its transport."""
        return self._outlet.size

    @property
    def _has_own_time(self) -> bool:
        """Whether it begins when it likes."""
        return self.timeline is None or self.timeline.is_own

    @property
    def _shared_present(self) -> RecordedSteady | None:
        """The steady time that is now if all clients share one, and it has begun."""
        return None if self.timeline is None or self.timeline.is_own else self.timeline.present_of_clients

    @property
    def _goes_by_position(self) -> bool:
        """Whether the present is what was played."""
        return self.timeline is not None and self.timeline.goes_by_position
