"""
The replay to one client, from its first message to its end.

One task reads what the client says, one plays. The first of them to end, or the stop of the server, ends the replay.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ...errors import RecordingError
from ...feeds.venue import Close, Handshake
from ...model import NANOSECONDS
from ..clock.lateness import LatenessHistogram
from ..options import AtEnd
from ..results import ClientResult, Outcome
from ..timeline.frame_stream import FrameStream
from ..venue.endpoints import Endpoint
from .answers import VenueTalk
from .outlet import ClientEnded, Outlet
from .playback import PlayThrough

__all__ = ["ClientReplay"]

VERBATIM_PATIENCE = 0.5
"""Seconds that a client has to say something before it is taken for one that only listens."""

_PATIENCE_AT_STOP = 1.0  # seconds

_log = logging.getLogger("feedrec.replay")


class ClientReplay:
    """
    Plays an endpoint's timeline to one client.

    Args:
        number: The client's number.
        connection: Its connection, open.
        endpoint: What to play, and how fast.
        outlet: Takes the frames.
        talk: Answers what the client says; None to give every frame to whoever connects.
        at_end: What to do after the last frame.

    """

    def __init__(
        self,
        number: int,
        connection: ServerConnection,
        endpoint: Endpoint,
        outlet: Outlet,
        talk: VenueTalk | None,
        at_end: AtEnd,
    ) -> None:
        self.name = f"client {number} ({address(connection)})"
        self._number = number
        self._connection = connection
        self._endpoint = endpoint
        self._pace = endpoint.pace
        self._outlet = outlet
        self._talk = talk
        self._at_end = at_end
        self._begun = asyncio.Event()
        self._outcome: Outcome = "client left"
        self._last_heard = 0
        self._play_through: PlayThrough | None = None

    @property
    def lateness(self) -> LatenessHistogram:
        """How late its frames were."""
        return LatenessHistogram() if self._play_through is None else self._play_through.lateness

    async def run(self, stopping: asyncio.Future[None]) -> ClientResult:
        """Play until the end, until the client is gone, or until `stopping` is done; the connection is closed then."""
        listening = asyncio.create_task(self._listen())
        playing = asyncio.create_task(self._play())
        try:
            await asyncio.wait({listening, playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if listening.done():
                listening.result()
            if playing.done():
                playing.result()
            elif stopping.done() and self._outcome == "client left":
                self._outcome = "server stopped"
        finally:
            if self._play_through is not None:
                self._play_through.stop()
            for task in (listening, playing):
                task.cancel()
            await asyncio.wait({listening, playing})
            for task in (listening, playing):
                if not task.cancelled():
                    task.exception()  # fetched, or asyncio would log it, and what the client said with it
            await self._close(CloseCode.GOING_AWAY)
        return self._result()

    async def _listen(self) -> None:
        """Take all that the client says; its first message, or its first subscription, begins the replay."""
        talk = self._talk
        try:
            if talk is not None:
                talk.greet(_handshake_of(self._connection), self._present())
                if talk.dismissal is not None:
                    await self._dismiss(talk.dismissal)
                    return
            async for message in self._connection:
                self._last_heard = self._pace.clock()
                if talk is not None:
                    talk.hear(message, self._present())
                    if talk.dismissal is not None:
                        await self._dismiss(talk.dismissal)
                        return
                if talk is None or talk.server.has_subscribed:
                    self._begun.set()
        except (ConnectionClosed, ClientEnded):
            return

    def _present(self) -> int:
        """Give the recorded time of now."""
        if self._play_through is not None:
            return self._play_through.present
        present = self._shared_present
        return self._pace.beginning if present is None else present

    @property
    def _shared_present(self) -> int | None:
        """The recorded time of now if all clients share one, and it has begun."""
        return None if self._pace.shared is None else self._pace.shared.present

    async def _dismiss(self, dismissal: Close) -> None:
        self._outcome = "turned away"
        await self._connection.close(dismissal.code, dismissal.reason)

    async def _play(self) -> None:
        if not await self._wait_for_word():
            return
        if self._shared_present is not None:
            await self._settle()
        joined = self._shared_present
        async with FrameStream(self._endpoint.timeline, joined) as stream:
            # Noted before the stream is closed: that takes a moment, in which an aborted client ends the other task.
            self._outcome = await self._play_stream(stream, joined)
        if self._outcome == "recording damaged":
            await self._connection.close(CloseCode.INTERNAL_ERROR, "the recording cannot be read")
        elif self._outcome == "finished" and self._at_end == "hold" and (joined is None or self._play_through):
            await self._hold()
        elif self._outcome == "finished":
            await self._connection.close(CloseCode.NORMAL_CLOSURE)

    async def _play_stream(self, stream: FrameStream, joined: int | None) -> Outcome:
        """Play from the recorded time at which the client joined the others, None for the beginning."""
        try:
            await stream.fill_reserve()
            await self._settle()
            run = await stream.next_run()
            if run is not None:
                self._play_through = self._begin(run.frames[0].time, joined)
            while run is not None and self._play_through is not None:
                await self._play_through.play(run, stream)
                run = await stream.next_run()
            await self._outlet.drain_all()
        except ClientEnded as end:
            if end.outcome == "stopped reading":
                _log.warning("%s stopped reading: its connection is aborted", self.name)
            return end.outcome
        except RecordingError as damage:
            _log.error("%s: the replay to %s ends there", damage, self.name)
            return "recording damaged"
        return "finished"

    def _begin(self, first_time: int, joined: int | None) -> PlayThrough:
        """Let its time begin: with its first frame, or as the others' time goes."""
        shared = self._pace.shared
        if shared is None:
            return PlayThrough(first_time, self._pace, self._outlet, self._talk)
        schedule = shared.begin(first_time)
        since = self._pace.beginning or first_time
        return PlayThrough(since if joined is None else joined, self._pace, self._outlet, self._talk, schedule)

    async def _wait_for_word(self) -> bool:
        """Wait for what begins the replay; whoever does not say it in time is turned away, or has nothing to say."""
        talk = self._talk
        try:
            async with asyncio.timeout(VERBATIM_PATIENCE if talk is None else talk.server.subscribe_within):
                await self._begun.wait()
        except TimeoutError:
            if talk is None:
                return True
            with contextlib.suppress(ClientEnded):
                talk.hear_nothing()
            if talk.dismissal is not None:
                await self._dismiss(talk.dismissal)
            return False
        return True

    async def _settle(self) -> None:
        """Wait until the client has said nothing more for a moment."""
        if self._talk is not None:
            while (left := self._last_heard + self._pace.settle - self._pace.clock()) > 0:
                await self._pace.sleep(left / NANOSECONDS)

    async def _hold(self) -> None:
        """Stay open and silent, but answer who still subscribes."""
        closed: asyncio.Future[Any] = asyncio.ensure_future(self._connection.wait_closed())
        asked = closed
        try:
            while not closed.done():
                asked = asyncio.ensure_future(self._talk.wants_state.wait()) if self._talk is not None else closed
                await asyncio.wait({closed, asked}, return_when=asyncio.FIRST_COMPLETED)
                if not asked.done():
                    asked.cancel()
                elif asked is not closed and self._play_through is not None:
                    await self._play_through.answer()
        except (ClientEnded, RecordingError) as reason:
            _log.info("%s: held no longer: %s", self.name, reason)
        finally:
            closed.cancel()
            asked.cancel()

    async def _close(self, code: CloseCode) -> None:
        """See to it that the connection is closed, soon, whatever the client does."""
        try:
            async with asyncio.timeout(_PATIENCE_AT_STOP):
                await self._connection.close(code)
        except TimeoutError:
            self._connection.transport.abort()

    def _result(self) -> ClientResult:
        play = self._play_through
        return ClientResult(
            client=self._number,
            address=address(self._connection),
            outcome=self._outcome,
            frames=play.frames if play is not None else 0,
            size=self._outlet.size,
            elapsed=play.elapsed if play is not None else 0,
            recorded=play.recorded if play is not None else 0,
            lateness=self.lateness.summary(),
            endpoint=self._endpoint.name,
        )


def address(connection: ServerConnection) -> str:
    """Give where a client came from, as people write it."""
    remote = connection.remote_address
    if not remote:
        return "unknown"
    host, port = remote[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _handshake_of(connection: ServerConnection) -> Handshake:
    request = connection.request
    if request is None:
        return Handshake("/", {})
    return Handshake(request.path, {name.lower(): value for name, value in request.headers.raw_items()})
