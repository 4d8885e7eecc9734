"""
The replay server: listens, and replays to each client that connects.

The connections are those of the websockets library; frames are written to them by `outlet`.
"""

from __future__ import annotations

import asyncio
import errno
import http
import itertools
import logging
import math
import socket
import time
import traceback
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State

from ..errors import ServeError
from ..model import Header
from .client.client import ClientReplay
from .client.outlet import PACED_WRITE_LIMIT, WRITE_LIMIT, Outlet
from .client.venue_session import VenueSession
from .clock.schedule import Clock, Sleep
from .options import ReplayOptions
from .results import ClientResult, ReplayTotal, Tally
from .venue.endpoints import Endpoint, Endpoints, open_endpoints, path_of

__all__ = ["ReplayServer"]

_MAX_MESSAGE = 16 << 20  # bytes that a client may send in one message
_HANDSHAKE_POLL = 0.05
_LONGEST_PATH = 80  # characters of a requested path that are shown

# What Coinbase Exchange negotiated in 2021 (cryptofeed #709, XChange #4320); other venues are unknown.
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True, compress_settings={"memLevel": 5}
)

_log = logging.getLogger("feedrec.replay")


class ReplayServer:
    """
    A local server that replays recordings to each client that connects.

    Use it as an async context manager, or call `start` and `close`.

    Args:
        paths: A recording, or several: those of one endpoint are merged by time, and each endpoint has its own path.
            The last may still be growing.
        options: How to replay.
        on_client_end: Called with the result of each client when its connection is closed.
        clock: Returns the monotonic time in nanoseconds.
        sleep: Sleeps for some seconds; for zero seconds it lets other tasks run.

    Attributes:
        header: The header of the first recording, once started.
        has_failed: Whether a replay ended because of a bug in feedrec.
        has_lacked: Whether a client's request failed: for data that the recordings lack, for an unknown path, or with
            credentials that were rejected.

    """

    header: Header

    def __init__(
        self,
        paths: Path | str | Sequence[Path | str],
        options: ReplayOptions | None = None,
        *,
        on_client_end: Callable[[ClientResult], None] = lambda _: None,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._options = options or ReplayOptions()
        self._on_client_end = on_client_end
        self.has_failed = False
        self.has_lacked = False
        self._paths = [paths] if isinstance(paths, (str, Path)) else list(paths)
        self._clock = cast(Clock, clock)
        self._sleep = sleep
        self._tally = Tally()
        self._tallies: dict[str, Tally] = {}
        self._numbers = itertools.count(1)
        self._active = 0
        self._server: Server | None = None
        self._connections: weakref.WeakSet[ServerConnection] = weakref.WeakSet()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """
        Start to listen.

        Raises:
            UsageError: If recordings or options conflict.
            RecordingError: If a recording cannot be read.
            ServeError: If the address cannot be listened on.

        """
        self._endpoints: Endpoints = await asyncio.to_thread(
            open_endpoints, self._paths, self._options, self._clock, self._sleep
        )
        self.header = self._endpoints.header
        self._tallies = {name: Tally() for name in self._endpoints.names}
        self._stopping: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._finished = asyncio.Event()
        host, port = self._options.host, self._options.port
        try:
            self._server = await serve(
                self._replay_to,
                host,
                port,
                compression=None,
                extensions=[_DEFLATE],
                process_request=self._refuse_unknown_path,
                logger=_quiet_logger(),
                ping_interval=None,
                max_size=_MAX_MESSAGE,
                write_limit=PACED_WRITE_LIMIT if math.isfinite(self._options.speed) else WRITE_LIMIT,
                create_connection=self._make_connection,  # type: ignore[arg-type]  # a factory will do
            )
        except (OSError, OverflowError, UnicodeError) as error:
            raise ServeError(_why_not_listening(host, port, error)) from error
        self._bound: tuple[Any, ...] = next(iter(self._server.sockets)).getsockname()
        _log.info("replaying %s at %s", ", ".join(map(str, self._endpoints.files)), ", ".join(self.urls.values()))

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
    def urls(self) -> dict[str, str]:
        """Where clients connect to, by endpoint: `url` and a path where there are several."""
        paths = self._endpoints.paths or [""]
        return {name: f"{self.url}{path}" for name, path in zip(self._endpoints.names, paths, strict=True)}

    @property
    def total(self) -> ReplayTotal:
        """The total over all clients whose replay has ended."""
        return self._tally.total()

    @property
    def totals(self) -> dict[str, ReplayTotal]:
        """The same by endpoint, including those without clients."""
        return {name: tally.total() for name, tally in self._tallies.items()}

    async def wait_finished(self) -> None:
        """Wait until the replay is over: with `exit`, until every client has ended; otherwise, until `close`."""
        await self._finished.wait()

    async def close(self) -> None:
        """Stop listening and end every replay within about a second, whatever the clients do."""
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
        self._endpoints.close()
        self._finished.set()

    def _make_connection(self, *args: Any, **kwargs: Any) -> ServerConnection:
        connection = ServerConnection(*args, **kwargs)
        self._connections.add(connection)
        return connection

    def _abort_handshakes(self) -> None:
        for connection in list(self._connections):
            if connection.protocol.state is State.CONNECTING and hasattr(connection, "transport"):
                connection.transport.abort()

    def _refuse_unknown_path(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a handshake for an unknown path; a request that is not a handshake is left to the library."""
        if "Upgrade" not in request.headers or self._endpoints.at(request.path) is not None:
            return None
        path = path_of(request.path)
        shown = path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}..."
        refusal = f"unknown path {shown!r}; the paths are {', '.join(self._endpoints.paths)}"
        _log.warning("a client was refused: %s", refusal)
        self.has_lacked = True
        return connection.respond(http.HTTPStatus.NOT_FOUND, f"{refusal}\n")

    async def _replay_to(self, connection: ServerConnection) -> None:
        endpoint = self._endpoints.at(connection.request.path) if connection.request is not None else None
        if endpoint is None:
            raise AssertionError("handshakes for unknown paths are refused")
        options, shared = self._options, self._endpoints.shared
        client = self._meet(connection, endpoint)
        self._active += 1
        finished = False
        if shared is not None:
            shared.come()
        _log.info("%s connected", client.name)
        try:
            result = await client.run(self._stopping)
            finished = result.outcome == "finished"
            for tally in (self._tally, self._tallies[endpoint.name]):
                tally.add(result, client.lateness)
            _log.debug("%s: %s after %d frames in %.3f s", client.name, result.outcome, result.frames, result.seconds)
            self._warn_of_limit(client.name, connection)
            self._on_client_end(result)
        except Exception as error:  # noqa: BLE001  a bug: the others go on
            self.has_failed = True
            _log.error("%s: the replay failed: %s", client.name, _where(error))
        finally:
            if shared is not None:
                shared.leave(finished=finished)
            self._active -= 1
            if options.at_end == "exit" and not self._active:
                self._finished.set()

    def _meet(self, connection: ServerConnection, endpoint: Endpoint) -> ClientReplay:
        options = self._options
        outlet = Outlet(connection, deflate=options.deflate, write_deadline=options.write_deadline)
        number = next(self._numbers)
        venue = endpoint.venue
        session = None
        if venue is not None:
            remark = partial(self._remark, number)
            session = VenueSession(venue.server(), venue.rebuilder, outlet, remark, lambda: self._active < 2)
        return ClientReplay(number, connection, endpoint, outlet, session, options.at_end)

    def _remark(self, number: int, text: str) -> None:
        """Tell the person who runs the replay about a request that failed."""
        self.has_lacked = True
        _log.warning("client %d %s", number, text)

    def _warn_of_limit(self, name: str, connection: ServerConnection) -> None:
        closed = connection.protocol.close_rcvd
        if closed is not None and closed.code == CloseCode.MESSAGE_TOO_BIG:
            text = "%s closed with 1009: a frame exceeds its size limit; raise the limit (docs/clients.md)"
            _log.warning(text, name)


def _why_not_listening(host: str, port: int, error: OSError | OverflowError | UnicodeError) -> str:
    if isinstance(error, OverflowError):
        return f"invalid port {port}: choose one from 1 to 65535 with --port, or --port 0 for a free one"
    # If no address of a host can be bound, asyncio of Python 3.13 raises an error with a text and no errno.
    no_such_address = isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL
    if isinstance(error, (socket.gaierror, UnicodeError)) or no_such_address or "on any address" in str(error):
        return f"cannot listen on {host!r}: this machine has no such address; choose one with --host, such as 127.0.0.1"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
    if error.errno == errno.EACCES:
        return f"no permission for port {port} of {host}: choose one above 1023 with --port, or --port 0 for a free one"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}; choose another with --port"


def _where(error: BaseException) -> str:
    """Say what failed where, but not the error's text: that may quote a client's message, secrets included."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in line {place.lineno} of {Path(place.filename).name}"


class _Handshakes(logging.Filter):
    """
    Turns what the library logs into single lines of our own log.

    The library logs a failed handshake as an error with a traceback; for a mock venue, a port scan or a browser is not
    an error. The text of the error is left out: it may quote what the client sent, secrets included.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        _log.info("%s%s", record.getMessage(), "" if error is None else f": {_kinds(error)}")
        return False


def _kinds(error: BaseException) -> str:
    """Name the kinds of an error and of what caused it."""
    cause = error.__cause__
    return type(error).__name__ + (f" ({_kinds(cause)})" if cause is not None else "")


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger("feedrec.replay.websockets")
    logger.setLevel(logging.WARNING)  # below that, the library logs every frame
    if not logger.filters:
        logger.addFilter(_Handshakes())
    return logger
