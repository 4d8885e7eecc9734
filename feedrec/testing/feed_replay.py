"""A replay for a test: a mock venue in a thread, that the test looks at and waits for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import (
    DialogueFailedError,
    FeedrecError,
    RecordingError,
    ReplayFailedError,
    UsageError,
)
from ..formats.file.names import is_part
from ..replay import DialogueFailure, ReplayServer
from .loop_thread import LoopThread
from .observations import Observations
from .observed_feed import ObservedFeed
from .replay_options import as_recordings, as_replay_options

__all__ = ["FeedReplay"]

_PATIENCE_AT_CLOSE = 0.2  # seconds: a client in the thread that closes cannot answer


class FeedReplay(ObservedFeed):
    """
    Recordings as a local mock venue: `with FeedReplay("btc.jsonl.zst") as feed:`, and clients connect to `feed.url`.

    The server runs in a thread with its own event loop, so that the test may block, have a loop itself, or start
    threads. All methods may be called from any thread. Those that wait block: in an asyncio test, write
    `await asyncio.to_thread(feed.wait_done)`, and `async with FeedReplay(...)`.

    Args:
        recordings: Recordings, or folders of them, as for `feedrec replay`.
        speed: Recorded seconds per second, or `max`: as fast as each client reads.
        thread: The thread to run in, which may be that of other replays; None for one of its own.
        options: The fields of `ReplayOptions`, but the port is any free one unless it is given. Times may be texts such
            as `+30s` or RFC 3339, durations such as `100ms`.

    Raises:
        UsageError: If an option is unknown, or a value is none of it.
        RecordingError: If a recording is missing, or cannot be read.

    """

    def __init__(
        self, *recordings: Path | str, speed: float | str = "max", thread: LoopThread | None = None, **options: Any
    ) -> None:
        super().__init__()
        self._recordings = as_recordings(recordings)
        self._options = as_replay_options(self._recordings[0], {"speed": speed, **options})
        self._given_thread = thread
        self._thread: LoopThread | None = None
        self._server: ReplayServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except FeedrecError as failure:
            if error is None:
                raise
            if not isinstance(error, ReplayFailedError):  # which says it already
                error.add_note(f"feedrec: {failure}")

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def start(self) -> None:
        """
        Start to listen; `with` does it.

        Raises:
            UsageError: If recordings and options conflict, or it listens already.
            RecordingError: If a recording cannot be read.
            ServeError: If the address cannot be listened on.

        """
        if self._server is not None:
            raise UsageError("this replay is running already: make another FeedReplay for another server")
        self._seen = Observations()
        server = ReplayServer(self._recordings, self._options, observer=self._seen)
        thread = self._given_thread or LoopThread()
        try:
            thread.run(server.start())
        except BaseException:
            if thread is not self._given_thread:
                thread.close()
            raise
        self._server, self._thread = server, thread
        self._url, self._urls = server.url, server.urls

    def close(self) -> None:
        """
        Stop listening, and end every replay; what was seen can still be read.

        Raises:
            ReplayFailedError: If the replay to a client failed: by a bug, because a recording is damaged, or because
                the client did not say what was recorded (`DialogueFailedError`).

        """
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        try:
            thread.run(server.close(_PATIENCE_AT_CLOSE))
        finally:
            if thread is not self._given_thread:
                thread.close()
        self._raise_failure(server)

    def check(self) -> None:
        """
        Raise what has gone wrong so far.

        Raises:
            ReplayFailedError: If the replay to a client failed: by a bug, because a recording is damaged, or because
                the client did not say what was recorded (`DialogueFailedError`).

        """
        self._raise_failure(self._server)

    @property
    def failures(self) -> list[DialogueFailure]:
        """What clients said or did in a dialogue (`mode="dialogue"`) that was not recorded."""
        return self._seen.dialogue_failures

    def _raise_failure(self, server: ReplayServer | None) -> None:
        """Raise what ended a replay too early, if anything did."""
        for failure in self.failures:
            raise DialogueFailedError("\n".join(failure.lines))
        for number, error in self._seen.failures:
            why = error if isinstance(error, RecordingError) else f"a bug in feedrec, {type(error).__name__}"
            raise ReplayFailedError(f"the replay to client {number} failed: {why}") from error
        found = [] if server is None else server.damage
        damage = next((one for one in found if not is_part(one.path)), None)  # which may well be cut off
        if damage is not None:
            raise ReplayFailedError(f"{damage}: the replay ended there") from damage
