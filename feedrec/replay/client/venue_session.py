"""One client's session with the venue: the only owner of the server half of a feed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence

from ...feeds.base import Subscription
from ...feeds.passages import has_passages
from ...feeds.venue import Close, FeedServer, Handshake, Key, Message, Remark, Reply, Send
from ...model import Frame, FrameInfo
from ..clock.alarm import Alarm
from ..clock.time_types import RecordedWall
from ..timeline.coming_snapshots import ComingSnapshots, Outlook
from ..venue.mock_venue import MockVenue
from ..venue.position import Position
from ..venue.rebuild_process import RebuildProcess
from ..venue.start_rule import StartRule
from .sending.outlet import ClientEnded, Outlet
from .venue_time import VenueTime

__all__ = ["VenueSession"]


class VenueSession:
    """
    Passes a client's messages and the recorded frames to a server half, and carries out its decisions.

    Args:
        server: The server half; nothing else may call it.
        rebuilder: Rebuilds the snapshots that it asks for; None for one that asks for none.
        coming: Tells it which recorded snapshots come; None for one that asks for none.
        outlet: Takes the messages to send.
        remark: Called with what the person who runs the replay should know.
        is_alone: Returns whether there is no other client.
        venue_time: Tells what the venue's clock said.

    Attributes:
        on_frame: Takes the next recorded frame and its description; returns the messages to send for it. It is that of
            `FeedServer` itself, since it is called for every frame.
        time: What the venue's clock said.
        changes: How often anything but a frame was passed to the server half: what `passage` returned before that no
            longer holds.
        alarm: Rings when a subscription waits for `give_state`.
        dismissal: How to close the connection, once the server half has decided to.

    """

    def __init__(
        self,
        server: FeedServer,
        rebuilder: RebuildProcess | None,
        coming: ComingSnapshots | None,
        outlet: Outlet,
        remark: Callable[[Remark], object],
        is_alone: Callable[[], bool],
        venue_time: VenueTime | None = None,
    ) -> None:
        self.time = venue_time or VenueTime()
        server.clock = self.time.clock
        self.on_frame: Callable[[Frame, FrameInfo], Sequence[Message]] = server.on_frame
        self.dismissal: Close | None = None
        self.changes = 0
        self._server = server
        self._has_passages = has_passages(server)
        self._rebuilder = rebuilder
        self._coming = coming
        self._outlet = outlet
        self._remark = remark
        self._is_alone = is_alone
        self._waits_for_state = False
        self._has_state = asyncio.Event()
        self._has_state.set()
        self.alarm = Alarm()
        self._stopped = threading.Event()

    @classmethod
    def with_venue(
        cls,
        venue: MockVenue,
        outlet: Outlet,
        remark: Callable[[Remark], object],
        is_alone: Callable[[], bool],
        in_front: Callable[[FeedServer], FeedServer] | None = None,
    ) -> VenueSession:
        """
        Begin a session with the venue that recordings stand for.

        Args:
            venue: The venue.
            outlet: See the class, as for the others.
            remark: See there.
            is_alone: See there.
            in_front: Puts another server half in front of its own; None if nothing is in front of that.

        """
        time = VenueTime(venue.survey.ahead, venue.survey.behind, venue.feed.own_time)
        return cls(venue.server(in_front), venue.rebuilder, venue.coming, outlet, remark, is_alone, time)

    @property
    def subscribe_within(self) -> float | None:
        """Seconds within which the client must subscribe; None for no limit."""
        return self._server.subscribe_within

    @property
    def has_subscribed(self) -> bool:
        """Whether a subscription was ever accepted."""
        return self._server.has_subscribed

    def meets(self, rule: StartRule) -> bool:
        """Whether the client has subscribed what a rule names."""
        return rule.is_met(self._server)

    @property
    def subscribed(self) -> Mapping[str, Collection[str]]:
        """What the client has subscribed, as `FeedServer` has it."""
        return self._server.subscribed

    @property
    def waits_for_state(self) -> bool:
        """Whether a subscription waits for `give_state`."""
        return self._waits_for_state

    @property
    def deadline(self) -> RecordedWall | None:
        """When the venue acts if nothing changes until then; None if never."""
        deadline = self._server.deadline
        return None if deadline is None else RecordedWall(deadline)

    @property
    def next_due(self) -> RecordedWall | None:
        """When there is something to send or to do though nothing was recorded; None if never."""
        due, deadline = self._server.next_due, self._server.deadline
        if due is None or (deadline is not None and deadline < due):
            due = deadline
        return None if due is None else RecordedWall(due)

    @property
    def needs_attention(self) -> bool:
        """Whether a subscription waits, or something will be due."""
        server = self._server
        return server.next_due is not None or server.deadline is not None or self._waits_for_state

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:
        """Return what its next frames depend on, as `FeedServer` does."""
        return self._server.passage_key(frame, info) if self._has_passages else None

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        """Return what it would be sent for its next frames, as `FeedServer` does."""
        return self._server.passage(frames, infos)

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        """Take frames of a passage, as `FeedServer` does."""
        self._server.on_passage(frames, infos, messages)

    def open(self, handshake: Handshake, now: RecordedWall) -> None:
        """
        Greet a new client, if the venue does so.

        Raises:
            ClientEnded: If the client is gone.

        """
        self._carry_out(self._server.on_open(handshake, now))

    def hear(self, message: str | bytes, now: RecordedWall) -> None:
        """
        Answer a message.

        Raises:
            ClientEnded: If the client is gone.

        """
        self.changes += 1
        self._carry_out(self._server.on_message(message.encode() if isinstance(message, str) else message, now))
        if self._server.wanted:
            self._want_state()

    def hear_nothing(self) -> None:
        """
        Answer a client that did not subscribe in time.

        Raises:
            ClientEnded: If the client is gone.

        """
        self._carry_out(self._server.on_silence())

    def begin_lap(self) -> None:
        """Have every subscription wait for state again: the recordings begin anew."""
        self.changes += 1
        self._server.on_restart()
        self._want_state()

    def clock_set(self, by: int) -> None:
        """Let the times that the server half remembers follow the wall clock, which was set by so much."""
        self.changes += 1
        self._server.on_clock_set(by)

    def end(self, now: RecordedWall) -> None:
        """
        Tell the server half that the recordings have ended, and send what it says to that.

        Raises:
            ClientEnded: If the client is gone, or is to be disconnected.

        """
        self.changes += 1
        self._carry_out(self._server.on_end(now))
        self._end_if_dismissed()
        if self._server.wanted:
            self._want_state()

    def jump(self, time: RecordedWall) -> None:
        """Let what is due, if anything, be due at the venue's first whole second after a recorded time instead."""
        if self._server.next_due is not None:
            self._server.next_due = self.time.clock.next_second(time)

    def pass_over(self, end: RecordedWall) -> bool:
        """Let what is due before a recorded time, to which time jumps, be due from then on; return if there is any."""
        due = self._server.next_due
        if due is None or due >= end:
            return False
        self.jump(RecordedWall(end - 1))
        return True

    def due_messages(self, time: RecordedWall) -> Sequence[Message]:
        """
        Return what is to be sent at `next_due`, or do what the venue does then.

        Raises:
            ClientEnded: If the client is gone, or is to be disconnected.

        """
        self.changes += 1
        deadline = self._server.deadline
        if deadline is None or deadline > time:
            return self._server.on_due(time)
        self._carry_out(self._server.on_deadline(time))
        self._end_if_dismissed()
        return ()

    async def state_given(self) -> None:
        """Wait until no subscription waits for `give_state` any more."""
        await self._has_state.wait()

    async def state_wanted_within(self, seconds: float) -> None:
        """Wait some seconds, or until a subscription waits for `give_state` or the alarm rings for another reason."""
        if not self._waits_for_state:
            await self.alarm.sleep(seconds)

    def _want_state(self) -> None:
        self._waits_for_state = True
        self._has_state.clear()
        self.alarm.ring()

    async def give_state(self, position: Position, outlook: Outlook) -> None:
        """
        Rebuild what subscriptions wait for, and send it. Nothing else may be sent to the client meanwhile.

        Args:
            position: Where in the timeline the client is.
            outlook: What is before it.

        Raises:
            ClientEnded: If the client is gone, or is to be disconnected.
            RecordingError: If the recordings cannot be read again.

        """
        stamped = position._replace(time=self.time.clock.at(position.time))
        rebuilder, coming = self._rebuilder, self._coming
        while (wanted := self.wanted) and rebuilder is not None:
            snapshots = await asyncio.to_thread(
                rebuilder.snapshots, wanted, stamped, self._stopped, is_alone=self._is_alone()
            )
            if coming is not None and (lacking := self.lacking_in(snapshots)):
                self.expect(await coming.find(lacking, outlook))
            self.take_state(snapshots, position.time)
            await self._outlet.drain()
        self.end_waiting()

    @property
    def wanted(self) -> frozenset[Key]:
        """What is waited for, as `FeedServer` has it."""
        return self._server.wanted

    def lacking_in(self, snapshots: Mapping[Key, bytes | None]) -> set[Key]:
        """Return that of some snapshots which is not there, and would be waited for if it was known to come."""
        return {key for key in self._server.awaited if key in snapshots and snapshots[key] is None}

    def expect(self, coming: Collection[Key]) -> None:
        """Learn, right before `take_state`, what comes soon; see `FeedServer.on_coming`."""
        self._server.on_coming(coming)

    def take_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> None:
        """
        Send what is wanted, as of a recorded time.

        Raises:
            ClientEnded: If the client is gone, or is to be disconnected.

        """
        self.changes += 1
        self._carry_out(self._server.on_state(snapshots, time))
        self._end_if_dismissed()

    def end_waiting(self) -> None:
        """Note that no subscription waits any more."""
        self._waits_for_state = False
        self._has_state.set()

    def lacking(self, message: str | bytes) -> list[Subscription]:
        """Return what a message asks for beyond what there is, as `FeedServer` does."""
        return self._server.lacking(message.encode() if isinstance(message, str) else message)

    def refuse_slowness(self) -> None:
        """
        Tell the client that it reads too slowly, and that it is disconnected.

        Raises:
            ClientEnded: In any case.

        """
        self._carry_out(self._server.on_slow())
        raise ClientEnded("stopped reading")

    def stop(self) -> None:
        """End the rebuilding, if any, and let go of the client."""
        self._stopped.set()
        self._server.on_close()

    def _end_if_dismissed(self) -> None:
        if self.dismissal is not None:
            raise ClientEnded("disconnected")

    def _carry_out(self, replies: Sequence[Reply]) -> None:
        outlet = self._outlet
        for reply in replies:
            if isinstance(reply, Send):
                outlet.add(reply.payload, binary=False)
                outlet.hand_over()
            elif isinstance(reply, Close):
                self.dismissal = reply
            elif isinstance(reply, Remark):
                self._remark(reply)
