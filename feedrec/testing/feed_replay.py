"""A replay for a test: a mock venue in a thread, that the test looks at and waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ..errors import (
    FeedrecError,
    RecordingError,
    ReplayFailedError,
    UsageError,
    WaitTimeoutError,
)
from ..feeds.channel_requests import read_channel
from ..formats.file.names import is_part
from ..replay import ReplayServer
from .loop_thread import LoopThread
from .messages import ReceivedMessage, ReplayClient, SentMessage
from .observations import Observations
from .replay_options import as_recordings, as_replay_options, as_seconds

__all__ = ["FeedReplay"]

_PATIENCE = 10.0  # seconds
_PATIENCE_AT_CLOSE = 0.2  # seconds: a client in the thread that closes cannot answer


class FeedReplay:
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
        self._recordings = as_recordings(recordings)
        self._options = as_replay_options(self._recordings[0], {"speed": speed, **options})
        self._given_thread = thread
        self._thread: LoopThread | None = None
        self._server: ReplayServer | None = None
        self._seen = Observations()
        self._urls: dict[str, str] = {}
        self._url = ""

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
            ReplayFailedError: If the replay to a client failed: by a bug, or because a recording is damaged.

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

    @property
    def url(self) -> str:
        """Where clients connect to, such as `ws://127.0.0.1:40112`."""
        self._check_started()
        return self._url

    @property
    def urls(self) -> dict[str, str]:
        """The same by endpoint: recordings of several endpoints are served side by side."""
        self._check_started()
        return dict(self._urls)

    @property
    def clients(self) -> list[ReplayClient]:
        """All clients that came, in order of connection, as they are now."""
        return self._seen.clients

    @property
    def sent(self) -> list[SentMessage]:
        """What clients were sent, in order: the last 10,000 messages, and at most 64 MiB of them."""
        return self._seen.sent

    @property
    def received(self) -> list[ReceivedMessage]:
        """What clients said, in order, within the same bounds."""
        return self._seen.received

    def wait_done(self, timeout: float | str = _PATIENCE) -> None:
        """
        Wait until a client has come, and every client that came has ended.

        Args:
            timeout: Seconds, or a text such as `500ms`.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed: by a bug, or because a recording is damaged.

        """

        def is_done() -> bool:
            clients = self.clients
            return bool(clients) and not any(client.is_connected for client in clients)

        self._wait("every client to end", is_done, timeout)
        self._raise_failure(self._server)

    def wait_for_client(
        self, count: int = 1, *, subscribed: str | Sequence[str] | None = None, timeout: float | str = _PATIENCE
    ) -> ReplayClient:
        """
        Wait until so many clients have come, and subscribed something.

        Args:
            count: How many.
            subscribed: What each of them must have subscribed: channels such as `ticker`, or with products,
                `ticker:BTC-USD,ETH-USD`; one or several. None for clients that may have subscribed nothing.
            timeout: Seconds, or a text such as `500ms`.

        Returns:
            The last of them; a client that has come and gone counts.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed.
            UsageError: If a channel is none.

        """
        wanted = [read_channel(text) for text in ([subscribed] if isinstance(subscribed, str) else subscribed or ())]

        def found() -> list[ReplayClient]:
            return [client for client in self.clients if all(client.has_subscribed(*one[:2]) for one in wanted)]

        what = "a client" if count == 1 else f"{count} clients"
        asked = f" that subscribed {subscribed if isinstance(subscribed, str) else ', '.join(subscribed or ())}"
        self._wait(what + (asked if wanted else ""), lambda: len(found()) >= count, timeout)
        return found()[count - 1]

    def wait_until(self, is_true: Callable[[], object], timeout: float | str = _PATIENCE) -> None:
        """
        Wait until something is true of `clients`, `sent` and `received`.

        Args:
            is_true: Tells whether it is; it is called over and over, in this thread.
            timeout: Seconds, or a text such as `500ms`.

        Raises:
            WaitTimeoutError: If that takes longer.
            ReplayFailedError: If the replay to a client failed.

        """
        self._wait("what the test waits for", lambda: bool(is_true()), timeout)

    def _check_started(self) -> None:
        if not self._url:
            raise UsageError("this replay was not started: write `with FeedReplay(...) as feed:`, or call start()")

    def _wait(self, what: str, is_true: Callable[[], bool], timeout: float | str) -> None:
        self._check_started()
        seconds = as_seconds("timeout", timeout)
        if not self._seen.wait(lambda: bool(self._seen.failures) or is_true(), seconds):
            raise WaitTimeoutError(f"waited {seconds:g} s for {what}, at {self._url}: {self._seen}")
        self._raise_failure(self._server)

    def _raise_failure(self, server: ReplayServer | None) -> None:
        """Raise what ended a replay too early, if anything did."""
        for number, error in self._seen.failures:
            why = error if isinstance(error, RecordingError) else f"a bug in feedrec, {type(error).__name__}"
            raise ReplayFailedError(f"the replay to client {number} failed: {why}") from error
        found = [] if server is None else server.damage
        damage = next((one for one in found if not is_part(one.path)), None)  # which may well be cut off
        if damage is not None:
            raise ReplayFailedError(f"{damage}: the replay ended there") from damage
