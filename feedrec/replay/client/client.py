"""
The replay to one client, from its first message to its end.

One task listens to the client, one plays. The first of them to end, or the stop of the server, ends the replay.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ...errors import RecordingError
from ...feeds.venue import Close, Handshake
from ..clock.schedule import Schedule
from ..clock.time_types import RecordedSteady, RecordedWall, Shift, shift_of, steady_time
from ..observer import Observer
from ..results import ClientResult, Outcome
from ..steering.followers import Moved
from ..steering.steering import Steering
from ..timeline.batch_window import Place
from ..timeline.frame_batches import FrameBatch
from ..timeline.frame_stream import FrameSource
from ..venue.endpoints import Endpoint
from .connection import ReplayConnection
from .crowd import Crowd
from .first_words import FirstWords
from .parting import disconnect
from .playing.playback import Playback
from .seen_client import SeenClient
from .sending.outlet import ClientEnded, Outlet
from .venue_session import VenueSession

__all__ = ["ClientReplay"]


class ClientReplay(SeenClient):
    """
    Plays an endpoint's timeline to one client.

    Args:
        number: The client's number.
        connection: Its connection, open.
        endpoint: What to play, and how fast.
        outlet: Takes the frames.
        session: Answers the client; None to send it every frame.
        steering: Says when it is played, and from where.
        crowd: All clients.
        observer: Hears of it; None if nobody wants to know.

    """

    def __init__(
        self,
        number: int,
        connection: ReplayConnection,
        endpoint: Endpoint,
        outlet: Outlet,
        session: VenueSession | None,
        steering: Steering,
        crowd: Crowd,
        observer: Observer | None,
    ) -> None:
        super().__init__(number, connection, endpoint, outlet, session, steering.timeline_for(endpoint.frames))
        self._steering = steering
        self._crowd = crowd
        self._observer = observer
        self._words = FirstWords(session, endpoint.timing, endpoint.start_rule)
        self._entered = asyncio.Event()
        self._schedule: Schedule | None = None
        self._outcome: Outcome = "client left"

    async def run(self, stopping: asyncio.Future[None]) -> ClientResult:
        """Play until the end, until the client is gone, or until `stopping` is done; the connection is closed then."""
        if self._session is None and self._goes_by_position:
            self._join()
        listening = asyncio.create_task(self._listen())
        playing = asyncio.create_task(self._play())
        try:
            await asyncio.wait({listening, playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
            if playing.done():
                playing.result()
            if self._connection.has_stopped_reading:
                self._outcome = "stopped reading"
                self._crowd.log.log(logging.WARNING, "%s stopped reading; its connection was aborted", self.name)
            elif stopping.done() and not playing.done() and self._outcome == "client left":
                self._outcome = "server stopped"
        finally:
            self._leave()
            if self._session is not None:
                self._session.stop()
            for task in (listening, playing):
                task.cancel()
            await asyncio.wait({listening, playing})
            for task in (listening, playing):
                if not task.cancelled():
                    task.exception()  # retrieved, or asyncio would log it, and with it what the client said
            await self._close(CloseCode.GOING_AWAY)
        return self._result()

    async def _listen(self) -> None:
        """Take the client's messages; the first one, or the first subscription, begins the replay."""
        session = self._session
        try:
            if session is not None:
                session.open(self._handshake(), self._stamped_present())
                if session.dismissal is not None:
                    await self._dismiss(session.dismissal)
                    return
            async for message in self._connection:
                self._words.hear()
                self._hear(message)
                if session is not None and session.dismissal is not None:
                    await self._dismiss(session.dismissal)
                    return
                await self._outlet.drain()  # no answers to a client that does not read them
                if session is not None and self._words.has_begun and self._goes_by_position:
                    await self._entered.wait()  # its messages are answered one by one
                    await session.state_given()
        except (ConnectionClosed, ClientEnded):
            return

    def _hear(self, message: str | bytes) -> None:
        """Take a message; raises as `VenueSession.hear` does."""
        session, observer = self._session, self._observer
        if observer is not None:
            observer.on_received(self.number, message, self.present)
        if session is None:
            self._join()
            return
        session.hear(message, self._stamped_present())
        if observer is not None:
            observer.on_subscribed(self.number, session.subscribed)
        self._steering.note_change()
        if session.has_subscribed and session.dismissal is None:
            self._join()
            # A time that all clients share begins with nobody so early.
            self._words.note_enough(may_begin=self._has_own_time or self._shared_present is not None)

    def _handshake(self) -> Handshake:
        request, venue = self._connection.request, self._endpoint.venue
        if request is None or venue is None:
            return Handshake("/", {})
        return venue.handshake(request.path, request.headers.raw_items(), self.host)

    @property
    def _is_paused(self) -> bool:
        """Whether its time stands still."""
        return (self.timeline or self._steering).is_paused

    @property
    def _dismissal(self) -> Close | None:
        """How to close the connection, once the venue has decided to."""
        return None if self._session is None else self._session.dismissal

    @property
    def was_cut_off(self) -> bool:
        """Whether an outage or a fault ended it, after which it may come back."""
        return False

    def _join(self) -> None:
        """Begin, where its timeline is now."""
        if not self._words.has_begun and self.timeline is not None:
            self._follower = self.timeline.join(self._endpoint.frames)
            self._follower.flush = self._outlet.flush
        self._words.begin()

    def _leave(self) -> None:
        """Keep nobody waiting."""
        if self.timeline is not None and self._follower is not None:
            self.timeline.part(self._follower)
        if self._playback is not None and self._schedule is not None:
            self._playback.close()
            if self.timeline is None:
                self._steering.end(self._schedule)

    async def _dismiss(self, dismissal: Close) -> None:
        self._outcome = "turned away" if self._playback is None else "disconnected"
        await disconnect(self._connection, self._outlet, dismissal)

    async def _play(self) -> None:
        if not await self._wait_for_word():
            return
        if self._shared_present is not None and not self._is_paused:
            await self._words.settle()
        while True:
            with contextlib.suppress(Moved):
                await self._play_from_here()
                return

    def _note_end(self, *, has_ended: bool) -> None:
        if self.has_ended != has_ended:
            self.has_ended = has_ended
            self._steering.note_change()

    async def _play_from_here(self) -> None:
        """Play from where the client is to begin, up to the end; raises `Moved` if it is to go on elsewhere."""
        self._note_end(has_ended=False)
        place = None if self._follower is None else self._follower.enter()
        joined = self._shared_present if place is None else None
        async with self._endpoint.open_stream(place or Place(joined)) as stream:
            # Noted before the stream is closed: that takes a moment, in which an aborted client ends the other task.
            self._outcome = await self._play_stream(stream, joined)
        if self._dismissal is not None:
            await disconnect(self._connection, self._outlet, self._dismissal)
        elif self._outcome == "recording damaged":
            await self._connection.close(CloseCode.INTERNAL_ERROR, "the recording cannot be read")
        elif self._outcome == "finished":
            self._note_end(has_ended=True)
            await self._stay_or_close()

    async def _stay_or_close(self) -> None:
        """Do what is to be done after the last frame; raises `Moved` as `_play_from_here` does."""
        if self._endpoint.at_end == "hold":
            await self._hold()
        else:
            self._leave()
            await self._connection.close(CloseCode.NORMAL_CLOSURE)

    async def _play_stream(self, stream: FrameSource, joined: RecordedSteady | None) -> Outcome:
        """Play from the steady time at which the client joined the others, None for its place or the beginning."""
        try:
            if not self._is_paused:
                await stream.fill_reserve()
                await self._words.settle()
            batch = await self._first_batch(stream)
            await self._crowd.gate.passed()
            playback = await self._begin(batch, joined)
            self._entered.set()
            end = None if batch is not None else await asyncio.to_thread(self._endpoint.timeline.end_position)
            while batch is not None:
                await playback.play(batch, stream)
                batch = await playback.next_batch(stream)
            await playback.end(end)
            await self._outlet.drain_all()
        except ClientEnded as end:
            return end.outcome
        except RecordingError as damage:
            self._crowd.log.log(logging.ERROR, "%s; the replay to %s ends there", damage, self.name)
            if self._observer is not None:
                self._observer.on_failed(self.number, damage)
            return "recording damaged"
        return "finished"

    async def _first_batch(self, stream: FrameSource) -> FrameBatch | None:
        """Return the first batch, without the frames that are past; None at the end."""
        follower = self._follower
        if follower is None or follower.entrance is None:
            return await stream.next_batch()
        if (before := follower.entrance.before) is not None:
            return before._replace(first=len(before.frames))
        skip = follower.entrance.skip
        while (batch := await stream.next_batch()) is not None and skip >= len(batch.frames):
            skip -= len(batch.frames)
            follower.begin(batch)
        return batch._replace(first=skip) if batch is not None and skip else batch

    async def _begin(self, batch: FrameBatch | None, joined: RecordedSteady | None) -> Playback:
        """Begin its time: with its first frame, if there is one, or by the schedule of all clients; or go on there."""
        if batch is None:
            first_time, shift = steady_time(self.present, Shift(0)), Shift(0)
        else:
            number = min(batch.first, len(batch.frames) - 1)
            first_time = batch.times[number]
            shift = shift_of(RecordedWall(batch.frames[number].time), first_time)
        self._schedule = schedule = (self.timeline or self._steering).begin(first_time)
        follower = self._follower
        if follower is not None and follower.entrance is not None:
            joined = follower.entrance.time
        if self.timeline is not None:
            first_time = joined if joined is not None else self.timeline.beginning or first_time
        if self._playback is None:
            self._playback = self._make_playback(first_time, shift, schedule)
        else:
            await self._playback.move(first_time, shift)
        if follower is not None:
            follower.go_on()
        return self._playback

    def _make_playback(self, first_time: RecordedSteady, shift: Shift, schedule: Schedule) -> Playback:
        timing, outlet, session, crowd = self._timing, self._outlet, self._session, self._crowd
        return Playback(first_time, shift, timing, outlet, session, crowd, schedule, self._follower)

    async def _wait_for_word(self) -> bool:
        """Wait for what begins the replay; a client that sends nothing in time is dismissed, or only listens."""
        session = self._session
        if await self._words.begun():
            return True
        if session is None:
            self._join()
            return True
        with contextlib.suppress(ClientEnded):
            session.hear_nothing()
        if session.dismissal is not None:
            await self._dismiss(session.dismissal)
        return False

    async def _hold(self) -> None:
        """Stay open, and answer as a venue where nothing happens any more."""
        playback = self._playback
        try:
            if playback is None:
                await self._connection.wait_closed()
            else:
                await playback.go_on()
        except ClientEnded as end:
            self._outcome = end.outcome
            if self._dismissal is not None:
                await disconnect(self._connection, self._outlet, self._dismissal)
        except RecordingError as reason:
            self._crowd.log.log(logging.INFO, "%s: no longer held open: %s", self.name, reason)

    async def _close(self, code: CloseCode, reason: str = "") -> None:
        """Close the connection in the end."""
        await self._connection.close_within(self._crowd.patience_at_stop, code, reason)

    def _result(self) -> ClientResult:
        playback = self._playback
        return ClientResult(
            client=self.number,
            address=self.address,
            outcome=self._outcome,
            frames=self.frames,
            size=self._outlet.size,
            elapsed=playback.handed.elapsed if playback is not None else 0,
            recorded=playback.handed.recorded if playback is not None else 0,
            lateness=self.lateness.summary(),
            endpoint=self._endpoint.name,
            worst=self.worst,
        )
