"""
The replay server: listens, and gives each client that connects its own replay.

The connections are those of the websockets library; what is written to them comes from `outlet`.
"""

from __future__ import annotations

import asyncio
import errno
import itertools
import logging
import math
import socket
import time
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.frames import CloseCode
from websockets.protocol import State

from ..errors import ServeError, UsageError
from ..feeds import venue_of
from ..model import NANOSECONDS, Header
from .client import AtEnd, ClientReplay
from .outlet import PACED_WRITE_LIMIT, WRITE_LIMIT, Outlet
from .play import Pace
from .results import ClientResult, ReplayTotal, Tally
from .schedule import Clock, Sleep
from .timeline import Timeline
from .venue import MockVenue

__all__ = ["ReplayOptions", "ReplayServer"]

_MAX_MESSAGE = 16 << 20  # bytes that a client may send in one message
_HANDSHAKE_POLL = 0.05

_log = logging.getLogger("feedrec.replay")


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True):
    """
    How to replay.

    Attributes:
        host: Name or address to listen on.
        port: Port to listen on; 0 for any free one.
        speed: Recorded seconds per second; `math.inf` for as fast as each client reads.
        at_end: After the last frame: `close` the connection and keep listening; `hold` it open, silent; or `exit`: as
            `close`, and the server is finished when every client that connected has ended.
        write_deadline: Seconds after which a client that takes no bytes is given up.
        deflate: Whether to compress for clients that offer permessage-deflate.
        mode: `venue` to answer as the venue would, `verbatim` to give every recorded frame to whoever says anything;
            None for `venue` where the feed is known.
        settle: Seconds without a further message after which a client has subscribed all it wants, and time begins.
        start: Recorded time at which to begin, inclusive, in nanoseconds; None for the beginning.
        end: Recorded time at which to end, exclusive; None for the end.
        loop: Whether to begin again at the end, for ever.
        settings: What is not known of the venue, by name; the feed says which there are.

    Raises:
        UsageError: If the speed or the write deadline is not positive, or the settling time is negative.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    speed: float = 1.0
    at_end: AtEnd = "close"
    write_deadline: float = 30.0
    deflate: bool = False
    mode: Literal["venue", "verbatim"] | None = None
    settle: float = 0.1
    start: int | None = None
    end: int | None = None
    loop: bool = False
    settings: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not self.speed > 0:
            raise UsageError(f"a speed of {self.speed} is not positive: give a factor such as 10, or max")
        if not 0 < self.write_deadline < math.inf:
            raise UsageError(f"a write deadline of {self.write_deadline} s is not a positive time")
        if not 0 <= self.settle < math.inf:
            raise UsageError(f"a settling time of {self.settle} s makes no sense")


class ReplayServer:
    """
    A local server that plays recordings to each client that connects.

    Use it as an async context manager, or call `start` and `close`.

    Args:
        paths: A recording, or several to be merged by time; the last may still be growing.
        options: How to replay.
        on_client_end: Called with the result of each client when its connection is closed.
        clock: Tells the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets others run.

    Attributes:
        header: The header of the first recording, once started.
        has_failed: Whether a replay ended by a defect of feedrec.
        has_lacked: Whether a client asked for what the recordings lack.

    """

    header: Header

    def __init__(
        self,
        paths: Path | str | Sequence[Path | str],
        options: ReplayOptions | None = None,
        *,
        on_client_end: Callable[[ClientResult], None] = lambda _: None,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._options = options or ReplayOptions()
        self._on_client_end = on_client_end
        self.has_failed = False
        self.has_lacked = False
        self._paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
        self._clock = clock
        self._sleep = sleep
        self._tally = Tally()
        self._numbers = itertools.count(1)
        self._active = 0
        self._server: Server | None = None
        self._connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """
        Begin to listen.

        Raises:
            UsageError: If the recordings, or the options, do not go together.
            RecordingError: If a recording cannot be read.
            ServeError: If the address cannot be listened on.

        """
        await asyncio.to_thread(self._open)
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._finished = asyncio.Event()
        host, port = self._options.host, self._options.port
        try:
            self._server = await serve(
                self._replay_to,
                host,
                port,
                compression="deflate",
                logger=_quiet_logger(),
                ping_interval=None,
                max_size=_MAX_MESSAGE,
                write_limit=PACED_WRITE_LIMIT if math.isfinite(self._options.speed) else WRITE_LIMIT,
                create_connection=self._make_connection,  # type: ignore[arg-type]  # a factory will do
            )
        except (OSError, OverflowError, UnicodeError) as error:
            raise ServeError(_why_not_listening(host, port, error)) from error
        self._bound: tuple[Any, ...] = next(iter(self._server.sockets)).getsockname()
        _log.info("replaying %s at %s", ", ".join(map(str, self._timeline.paths)), self.url)

    def _open(self) -> None:
        """Look at the recordings: what they are of, and what there is."""
        options = self._options
        headers = Timeline(self._paths).read_headers()
        self.header = headers[0]
        endpoints = sorted({header.endpoint for header in headers})
        feed = None
        if options.mode != "verbatim":
            if len(endpoints) > 1:
                raise UsageError(f"recordings of {' and '.join(endpoints)} are no single venue: use --mode verbatim")
            feed = venue_of(endpoints[0])
            if feed is None and options.mode == "venue":
                raise UsageError(f"feedrec does not know how {endpoints[0]!r} answers: use --mode verbatim")
        describe = feed.describe if feed is not None else None
        self._timeline = Timeline(
            self._paths, start=options.start, end=options.end, loop=options.loop, describe=describe
        )
        self._venue = MockVenue(feed, self._timeline, options.settings) if feed is not None else None
        beginning = self._venue.survey.first_time if self._venue is not None else 0
        settle = round(options.settle * NANOSECONDS)
        self._pace = Pace(options.speed, self._clock, self._sleep, settle, max(beginning, options.start or 0))

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._bound[1])

    @property
    def url(self) -> str:
        """Where clients on this machine connect to."""
        host = str(self._bound[0])
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  listening is not our choice here
        return f"ws://[{host}]:{self.port}" if ":" in host else f"ws://{host}:{self.port}"

    @property
    def total(self) -> ReplayTotal:
        """All clients whose replay has ended, summed up."""
        return self._tally.total()

    async def wait_finished(self) -> None:
        """Wait until the replay is over: with `exit`, every client has ended; otherwise, the server is closed."""
        await self._finished.wait()

    async def close(self) -> None:
        """Stop listening and end every replay, within about a second, whatever the clients do."""
        if self._server is None:
            return
        if not self._stopping.done():
            self._stopping.set_result(None)
        self._server.close(
            close_connections=False
        )  # the replays close their own: the library would wait for a stuck client
        closed = asyncio.ensure_future(self._server.wait_closed())
        while not closed.done():
            self._abort_handshakes()
            await asyncio.wait({closed}, timeout=_HANDSHAKE_POLL)
        self._finished.set()

    def _make_connection(self, *args: Any, **kwargs: Any) -> ServerConnection:
        connection = ServerConnection(*args, **kwargs)
        self._connections.add(connection)
        return connection

    def _abort_handshakes(self) -> None:
        for connection in list(self._connections):
            if connection.protocol.state is State.CONNECTING and hasattr(connection, "transport"):
                connection.transport.abort()

    async def _replay_to(self, connection: ServerConnection) -> None:
        options = self._options
        outlet = Outlet(connection, deflate=options.deflate, write_deadline=options.write_deadline)
        number = next(self._numbers)
        talk = self._venue.talk_to(outlet, partial(self._remark, number)) if self._venue is not None else None
        client = ClientReplay(number, connection, self._timeline, self._pace, outlet, talk, options.at_end)
        self._active += 1
        _log.info("%s connected", client.name)
        try:
            result = await client.run(self._stopping)
            self._tally.add(result, client.lateness)
            _log.debug("%s: %s after %d frames in %.3f s", client.name, result.outcome, result.frames, result.seconds)
            self._tell_of_limit(client.name, connection)
            self._on_client_end(result)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self.has_failed = True
            _log.error("%s: the replay failed: %r", client.name, error)
        finally:
            self._active -= 1
            if options.at_end == "exit" and not self._active:
                self._finished.set()

    def _remark(self, number: int, text: str) -> None:
        """Tell the person who runs the replay what a client asks for in vain."""
        self.has_lacked = True
        _log.warning("client %d %s", number, text)

    def _tell_of_limit(self, name: str, connection: ServerConnection) -> None:
        closed = connection.protocol.close_rcvd
        if closed is not None and closed.code == CloseCode.MESSAGE_TOO_BIG:
            text = "%s closed with 1009: a frame is larger than it allows; raise its limit (docs/clients.md)"
            _log.warning(text, name)


def _why_not_listening(host: str, port: int, error: OSError | OverflowError | UnicodeError) -> str:
    if isinstance(error, OverflowError):
        return f"{port} is no port: choose one from 1 to 65535 with --port, or --port 0 for any free one"
    # asyncio of Python 3.13 gives no errno, but a text, where no address of a host can be bound.
    no_such_address = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
    if isinstance(error, (socket.gaierror, UnicodeError)) or no_such_address or "on any address" in str(error):
        return f"cannot listen on {host!r}: this machine has no such address; choose one with --host, such as 127.0.0.1"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port, or --port 0 for any free one"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is not allowed: choose one above 1023 with --port, or --port 0 for any free one"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}; choose another with --port"


class _Handshakes(logging.Filter):
    """
    Turns what the library logs into single lines of our own log.

    It logs a handshake that fails as an error with a traceback; to a mock venue a port scan or a browser is no error.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        _log.info("%s%s", record.getMessage(), "" if error is None else f": {error}")
        return False


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger("feedrec.replay.websockets")
    logger.setLevel(logging.WARNING)  # below that, the library logs every frame
    if not logger.filters:
        logger.addFilter(_Handshakes())
    return logger
