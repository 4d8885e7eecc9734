"""A replay for a test: a mock venue in a thread, that the test looks at and waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import (
    DialogueFailedError,
    FeedrecError,
    RecordingError,
    ReplayFailedError,
    UsageError,
    WaitTimeoutError,
)
from ..formats.file.names import is_part
from ..replay import DialogueFailure, FaultHit, ReplayServer, Status, Steering
from .loop_thread import LoopThread
from .observations import Observations
from .observed_feed import PATIENCE, ObservedFeed, is_told
from .replay_options import as_count, as_recordings, as_replay_options, as_seconds, as_speed, as_time

__all__ = ["FeedReplay"]

Result = TypeVar("Result")

__tracebackhide__ = is_told

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
        paused: Whether nothing is played until the test says so: by `step`, `play_until` or `resume`.
        thread: The thread to run in, which may be that of other replays; None for one of its own.
        options: The fields of `ReplayOptions`, but the port is any free one unless it is given. Times may be texts such
            as `+30s` or RFC 3339, durations such as `100ms`.

    Raises:
        UsageError: If an option is unknown, or a value is none of it.
        RecordingError: If a recording is missing, or cannot be read.

    """

    def __init__(
        self,
        *recordings: Path | str,
        speed: float | str = "max",
        paused: bool = False,
        thread: LoopThread | None = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self._recordings = as_recordings(recordings)
        self._options = as_replay_options(self._recordings[0], {"speed": speed, "paused": paused, **options})
        self._given_thread = thread
        self._thread: LoopThread | None = None
        self._server: ReplayServer | None = None
        self._seed: int | None = None

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
        self._seed = None if server.faults is None else server.faults.seed

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

    def pause(self, *, client: int | None = None) -> None:
        """
        Let recorded time stand, also for clients that come later. It ends a step that is under way.

        Args:
            client: The number of the client for whom, if each has its own time (`clock="each"`); None for all.

        Raises:
            UsageError: If there is no such client, or all have one time.

        """
        self._steer(lambda steering: steering.pause(client))

    def resume(self, *, client: int | None = None) -> None:
        """Let recorded time pass, at the speed; for whom, and what it raises, is as for `pause`."""
        self._steer(lambda steering: steering.resume(client))

    def set_speed(self, speed: float | str, *, client: int | None = None) -> None:
        """
        Change the speed, from now on.

        Args:
            speed: Recorded seconds per second, or `max`.
            client: As for `pause`.

        Raises:
            UsageError: If it is no speed, or as for `pause`.

        """
        factor = as_speed(speed)
        self._steer(lambda steering: steering.set_speed(factor, client))

    def step(self, count: int = 1, *, client: int | None = None, timeout: float | str = PATIENCE) -> int:
        """
        Play the next recorded frames, over all endpoints in the order of time, and what is made before them; then stop.

        When it returns, all of it is written to the socket of every client that has subscribed: see `wait_for_client`.
        A step that finds fewer frames passes the end of the recordings, where connections are closed.

        Args:
            count: How many frames; of each client, if each has its own time.
            client: As for `pause`.
            timeout: Seconds, or a text such as `500ms`.

        Returns:
            How many there were.

        Raises:
            UsageError: If it is no count, or as for `pause`; if each client has its own time, and none has subscribed.
            WaitTimeoutError: If it takes longer, since a client does not read.
            ReplayFailedError: If the replay to a client failed: by a bug, or because a recording is damaged.

        """
        frames = as_count("a step", count, least=0)
        return self._play(f"a step of {frames}", lambda steering: steering.step(frames, client), timeout)

    def play_until(self, moment: int | str, *, client: int | None = None, timeout: float | str = PATIENCE) -> int:
        """
        Play what was recorded before a moment, at the speed, and what is made until then; then stop.

        It returns, and raises, as `step` does.

        Args:
            moment: Recorded time: `+3.2s` from the start of the recording, RFC 3339, or nanoseconds since 1970.
            client: As for `pause`.
            timeout: Seconds, or a text such as `500ms`.

        """
        time = as_time(self._recordings[0], "the moment", moment)
        return self._play(f"the replay until {moment}", lambda steering: steering.play_until(time, client), timeout)

    def seek(self, moment: int | str, *, client: int | None = None, timeout: float | str = PATIENCE) -> None:
        """
        Go on at another moment, later or earlier, whether time stands or not.

        Every client that has subscribed is first sent the state of that moment, as one that comes late is.

        Args:
            moment: Recorded time, as for `play_until`.
            client: As for `pause`.
            timeout: Seconds, or a text such as `500ms`.

        Raises:
            UsageError: As for `step`.
            WaitTimeoutError: If it takes longer until all clients are there.
            ReplayFailedError: If the replay to a client failed.

        """
        time = as_time(self._recordings[0], "the moment", moment)
        self._play(f"the replay to be at {moment}", lambda steering: steering.seek(time, client), timeout)

    @property
    def status(self) -> Status:
        """Where the replay is, and each client of it."""
        return self._steer(lambda steering: steering.status())

    @property
    def control_url(self) -> str:
        """Where programs steer it over HTTP, as in `{control_url}/pause`; see docs/replay.md."""
        server, _ = self._running()
        return server.control_url

    @property
    def position(self) -> int | None:
        """How many recorded frames are past, since the start or a `seek`; None without `paused` or a step."""
        return self._steer(lambda steering: steering.position)

    @property
    def present(self) -> int | None:
        """The recorded time that is now, in nanoseconds; None if each client has its own, or it has not begun."""
        return self._steer(lambda steering: steering.present)

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

    @property
    def faults(self) -> list[FaultHit]:
        """What faults (`faults=["drop=1%"]`) have hit so far: each frame once, and the first 10,000 in all."""
        return self._seen.faults

    @property
    def seed(self) -> int | None:
        """The seed with which the same faults come again (`seed=`); None without faults, or before it has started."""
        return self._seed

    def _steer(self, act: Callable[[Steering], Result]) -> Result:
        """Do something with what steers the server, in its thread."""
        server, thread = self._running()

        async def steer() -> Result:
            return act(server.steering)

        return thread.run(steer())

    def _play(self, what: str, act: Callable[[Steering], Coroutine[Any, Any, Result]], timeout: float | str) -> Result:
        """Have something played, and wait for it."""
        server, thread = self._running()
        seconds = as_seconds("timeout", timeout)
        try:
            played = thread.run(act(server.steering), seconds)
        except TimeoutError:
            raise WaitTimeoutError(f"waited {seconds:g} s for {what}, at {self._url}: {self._seen}") from None
        except FeedrecError as error:
            raise error.with_traceback(None)  # noqa: B904  it is the same error: where it is from says nothing to a test
        self.check()
        return played

    def _running(self) -> tuple[ReplayServer, LoopThread]:
        self._check_started()
        if self._server is None or self._thread is None:
            raise UsageError("this replay is closed: steer it within its `with` block")
        return self._server, self._thread

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
