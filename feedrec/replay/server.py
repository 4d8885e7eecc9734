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
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.protocol import State

from ..errors import ServeError, UsageError
from ..model import Header
from .client import AtEnd, ClientReplay, Pace
from .outlet import PACED_WRITE_LIMIT, WRITE_LIMIT, Outlet
from .results import ClientResult, ReplayTotal, Tally
from .schedule import Clock, Sleep
from .timeline import Timeline

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

    Raises:
        UsageError: If the speed or the write deadline is not positive.

    """

    host: str = "127.0.0.1"
    port: int = 8765
    speed: float = 1.0
    at_end: AtEnd = "close"
    write_deadline: float = 30.0
    deflate: bool = False

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if not self.speed > 0:
            raise UsageError(f"a speed of {self.speed} is not positive: give a factor such as 10, or max")
        if not 0 < self.write_deadline < math.inf:
            raise UsageError(f"a write deadline of {self.write_deadline} s is not a positive time")


class ReplayServer:
    """
    A mock venue that plays a recording: every received frame, untouched, from the client's first message on.

    Use it as an async context manager, or call `start` and `close`.

    Args:
        path: The recording; it may still be growing.
        options: How to replay.
        on_client_end: Called with the result of each client when its connection is closed.
        clock: Tells the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets others run.

    Attributes:
        header: The header of the recording, once started.

    """

    header: Header

    def __init__(
        self,
        path: Path | str,
        options: ReplayOptions | None = None,
        *,
        on_client_end: Callable[[ClientResult], None] = lambda _: None,
        clock: Clock = time.monotonic_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._options = options or ReplayOptions()
        self._on_client_end = on_client_end
        self._pace = Pace(self._options.speed, clock, sleep)
        self._timeline = Timeline(path)
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
            RecordingError: If the recording cannot be read.
            ServeError: If the address cannot be listened on.

        """
        self.header = await asyncio.to_thread(self._timeline.read_header)
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
        _log.info("replaying %s at %s", self._timeline.path, self.url)

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
        client = ClientReplay(next(self._numbers), connection, self._timeline, self._pace, outlet, options.at_end)
        self._active += 1
        _log.info("%s connected", client.name)
        try:
            result = await client.run(self._stopping)
            self._tally.add(result, client.lateness)
            _log.debug("%s: %s after %d frames in %.3f s", client.name, result.outcome, result.frames, result.seconds)
            self._on_client_end(result)
        except Exception:  # noqa: BLE001  a bug: the others go on
            _log.exception("%s: the replay failed", client.name)
        finally:
            self._active -= 1
            if options.at_end == "exit" and not self._active:
                self._finished.set()


def _why_not_listening(host: str, port: int, error: OSError | OverflowError | UnicodeError) -> str:
    if isinstance(error, OverflowError):
        return f"{port} is no port: choose one from 1 to 65535 with --port, or --port 0 for any free one"
    if isinstance(error, (socket.gaierror, UnicodeError)) or error.errno == errno.EADDRNOTAVAIL:
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
