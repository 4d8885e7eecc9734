"""
What one client gets of the frames that come: now, or when it has room for them, or knows the state before them.

No socket and no task: whoever owns it says when.
"""

from __future__ import annotations

from collections import deque

from ...model import NANOSECONDS, Frame, FrameInfo
from ..client.sending.message_runs import RunsOfClient, SharedRuns
from ..client.sending.outlet import Outlet
from ..client.venue_session import VenueSession
from ..clock.time_types import RecordedWall
from .live_frames import LiveBatch

__all__ = ["LONGEST_HELD", "MOST_HELD", "Delivery"]

MOST_HELD = 64 << 20
"""Bytes of frames that may wait for one client. All who wait share them, so together they take no more memory."""

LONGEST_HELD = 30 * NANOSECONDS
"""How long frames may wait for a client to read what was before them."""

_LONGEST_HOLE = 10 * NANOSECONDS  # after which what is due is made from now on

_NOTHING = FrameInfo()


class Delivery:
    """
    Gives frames to one client, in their order.

    Args:
        outlet: Takes the messages.
        session: Turns frames into messages; None to send them unchanged.
        runs: The messages that several clients are sent.

    Attributes:
        number: That of the last LINES whose frames were given.
        held: Those that wait.

    """

    def __init__(self, outlet: Outlet, session: VenueSession | None, runs: SharedRuns) -> None:
        self._outlet = outlet
        self._session = session
        self._runs = RunsOfClient(runs if outlet.takes_runs else None, session)
        self.number = 0
        self.held: deque[LiveBatch] = deque()
        self._held_size = 0

    def give(self, batch: LiveBatch) -> None:
        """
        Give frames now.

        Raises:
            ClientEnded: If the client is gone, or is to be disconnected.

        """
        frames, infos = batch.frames.frames, batch.frames.infos
        runs, outlet = self._runs, self._outlet
        self.make_due(frames[0].time)
        runs.begin(batch.frames)
        number, has_more = 0, False
        while number < len(frames):
            run = runs.at(number)
            if run is None:
                has_more |= self._give_one(frames[number], infos[number] if infos else _NOTHING)
                number += 1
                continue
            runs.pass_on(run, number, run.end)
            data = run.data(number, run.end)
            outlet.add_run(data, run.size(number, run.end))
            number, has_more = run.end, has_more or bool(data)
        self.number = batch.number
        if has_more:
            outlet.hand_over()

    def hold(self, batch: LiveBatch) -> None:
        """Have frames wait."""
        self.held.append(batch)
        self._held_size += batch.size

    def next_held(self) -> LiveBatch:
        """Return those that have waited longest, and have them wait no more."""
        batch = self.held.popleft()
        self._held_size -= batch.size
        return batch

    @property
    def is_overfull(self) -> bool:
        """Whether more waits than may."""
        return self._held_size > MOST_HELD

    @property
    def is_overdue(self) -> bool:
        """Whether frames wait longer than they may."""
        return bool(self.held) and self.held[-1].arrived - self.held[0].arrived > LONGEST_HELD

    def make_due(self, until: int) -> None:
        """Give what is due up to a wall time though nothing was recorded; raises as `give` does."""
        session, outlet = self._session, self._outlet
        if session is None or (due := session.next_due) is None or due > until:
            return
        if until - due > _LONGEST_HOLE:
            session.jump(RecordedWall(until))
        has_more = False
        while (due := session.next_due) is not None and due <= until:
            for message in session.due_messages(due):
                outlet.add(message, binary=False)
                has_more = True
        if has_more:
            outlet.hand_over()

    def _give_one(self, frame: Frame, info: FrameInfo) -> bool:
        """Add the messages of a frame; return whether there are any."""
        outlet, session = self._outlet, self._session
        messages = (frame.payload,) if session is None else session.on_frame(frame, info)
        for message in messages:
            if outlet.add(message, binary=frame.binary and message is frame.payload):
                outlet.hand_over()
        return bool(messages)
