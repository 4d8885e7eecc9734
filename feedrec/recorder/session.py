"""One run of the recorder: connect, subscribe, record, and connect again, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import time
from collections.abc import Callable, Sequence

import msgspec

from ..errors import FeedrecError
from ..feeds import Feed, Subscription
from ..feeds.credentials import Credentials
from .backoff import Backoff
from .clock import RecordingClock
from .connection import open_connection
from .journal import Journal
from .loop import Connect, ConnectionLoop, Run
from .pace import Pace
from .segments import GrowingRecording
from .summary import Progress, Summary

__all__ = ["Limits", "RecordingSession"]

FINISH_PATIENCE = 10.0
"""Seconds without progress after which a disk, or the reader of a pipe, is not waited for any longer."""


class Limits(msgspec.Struct, frozen=True):
    """
    When a run stops by itself.

    Attributes:
        duration: Seconds after which to stop; None for never.
        max_frames: Received frames after which to stop; None for never.

    """

    duration: float | None = None
    max_frames: int | None = None


class RecordingSession:
    """
    Records one endpoint into one recording, over as many connections as the venue demands.

    Args:
        feed: What the endpoint speaks.
        url: Its address.
        subscriptions: What to ask for.
        writer: The recording; the session finishes it.
        credentials: What to sign with; None for none.
        limits: When to stop by itself.
        clock: Gives the stamps.
        backoff: Gives the delays between connections.
        connect: Opens a connection.

    """

    def __init__(  # noqa: PLR0913  each is a part that a test replaces
        self,
        feed: Feed,
        url: str,
        subscriptions: Sequence[Subscription],
        writer: GrowingRecording,
        *,
        credentials: Credentials | None = None,
        limits: Limits | None = None,
        clock: RecordingClock | None = None,
        backoff: Backoff | None = None,
        connect: Connect = open_connection,
    ) -> None:
        self._writer = writer
        limits = limits or Limits()
        self._journal = Journal(writer, limits.max_frames)
        self._duration = limits.duration
        self._started = time.monotonic()
        self._is_finishing = False
        self._stop_requested = asyncio.Event()
        self._failure: FeedrecError | None = None
        self._run = Run(
            feed,
            url,
            credentials,
            writer,
            self._journal,
            clock or RecordingClock(),
            connect,
            self._stop_requested,
            Pace(feed.connections_per_second),
            Pace(feed.messages_per_second if credentials is None else None),
            self._end,
        )
        delays = backoff or Backoff()
        self._loops = [ConnectionLoop(self._run, group, copy.copy(delays)) for group in feed.spread(subscriptions)]

    @property
    def progress(self) -> Progress:
        """How the run stands at this moment; may be asked from any thread."""
        seconds = time.monotonic() - self._started
        return Progress(self._state, seconds, copy.copy(self._journal.counts), self._writer.file_size)

    @property
    def _state(self) -> str:
        """What the run as a whole is doing: what one of its connections is still at counts."""
        if self._is_finishing:
            return "finishing"
        return next((loop.state for loop in self._loops if loop.state != "recording"), "recording")

    def stop(self) -> None:
        """End the run: close the connection and finish the recording."""
        self._stop_requested.set()

    async def run(self) -> Summary:
        """
        Record until stopped, a limit is reached, or something happens that no retry would mend.

        Raises:
            ConnectError: If the first connection fails. Later ones are tried for ever.
            VenueError: If the venue refuses for good; not after a connection that lasted.
            WriteError: If the disk does.

        """
        loop = asyncio.get_running_loop()
        self._started = time.monotonic()
        self._writer.on_drained = functools.partial(_call_in, loop, self._on_drained)
        deadline = None if self._duration is None else loop.call_later(self._duration, self.stop)
        try:
            await self._record()
        finally:
            if deadline is not None:
                deadline.cancel()
            path = await self._finish()
        if self._failure is not None:
            raise self._failure
        seconds = time.monotonic() - self._started
        return Summary(path, seconds, self._journal.counts, self._writer.file_size)

    async def _record(self) -> None:
        """Keep every connection open until the run must end, or one of them fails."""
        loops = [asyncio.ensure_future(loop.keep_open()) for loop in self._loops]
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            for loop in loops:
                loop.cancel()
            raise
        finally:
            self.stop()
            results = await asyncio.gather(*loops, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _end(self, failure: FeedrecError | None) -> None:
        if self._failure is None:
            self._failure = failure
        self.stop()

    def _on_drained(self) -> None:
        if self._writer.failure is not None:
            self._end(self._writer.failure)
        for loop in self._loops:
            loop.resume_reading()

    async def _finish(self) -> str | None:
        """Finish the recording, away from the loop; a recording that never saw a connection is not kept."""
        self._is_finishing = True
        if self._journal.counts.connections == 0:
            await asyncio.to_thread(self._writer.discard)
            return None
        return str(await asyncio.to_thread(self._writer.finish, FINISH_PATIENCE))


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    """Call back from the writer's thread, which must not fail because the loop is gone."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
