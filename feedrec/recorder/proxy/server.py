"""The proxy as a server: it listens, starts a relay for each client, and finishes the recording."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import logging
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from ...admission.allowed_hosts import AllowedHosts, parse_host_name
from ...admission.handshakes import Handshakes
from ...admission.library_log import library_log
from ...admission.listening import exposure, http_url, local_url, why_not_listening
from ...admission.log_limit import LogLimit
from ...errors import FeedrecError, ServeError
from ...feeds.redaction import Address
from ...formats.file.modes import PRIVATE
from ...formats.line.subscribed import SubscribedFacts
from ...front.front import Front
from ...front.fronts import Fronts, HttpLimits
from ..clock import RecordingClock
from ..connection import CLOSE_TIMEOUT, MAX_MESSAGE, OPEN_TIMEOUT
from ..output.counting_writer import Counts
from ..output.writer_protocol import GrowingRecording
from ..rest.exchange_log import ExchangeLog
from ..run_end import Outcome, RunEnd
from ..session.keeping_secrets import keeping_secrets
from ..session.open_session import recording_of
from ..session.session import FINISH_PATIENCE, call_in
from ..session.source import Source
from ..session.summary import Progress, RunState, Summary
from .http_relay import HttpRelay
from .legs import ClientLeg
from .lossy_writer import LossyWriter
from .options import ProxyOptions, rest_base, source_to
from .relay import Relay, RelayContext

__all__ = ["RecordingProxy"]

_WRITE_LIMIT = 1 << 18  # bytes in the transport's buffer above which nothing more is read for a client
_MOST_WAITING = 300  # connections that wait for a handshake, or are kept open between HTTP requests
_MOST_REQUESTS = 100  # over HTTP that are passed on at once; others wait for their turn
_HTTP_LIMITS = HttpLimits(longest_body=16 << 20, body_time=60.0)

log = logging.getLogger("feedrec")


class RecordingProxy:
    """
    Passes the connections of an application on to a venue, byte for byte, and records both directions.

    Use it as an async context manager, or call `start` and `close`; `run` does both.

    Args:
        to: Name of an endpoint, an address, or a source.
        recording: A new file to record to, or a recording, which the proxy finishes.
        options: Where it listens, and when it stops.
        on_listening: Called with the address for clients once it listens.

    Raises:
        UsageError: If `to` is no endpoint.

    """

    def __init__(
        self,
        to: str | Source,
        recording: Path | str | GrowingRecording,
        options: ProxyOptions | None = None,
        *,
        on_listening: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._source = source_to(to) if isinstance(to, str) else to
        self._place = recording
        self._options = options or ProxyOptions()
        self._rest_base = rest_base(self._source, self._options.rest_to)
        self._on_listening = on_listening
        self._end = RunEnd()
        self._writer: LossyWriter | None = None
        self._server: Server | None = None
        self._relays: dict[ClientLeg, Relay] = {}
        self._started = time.monotonic()
        self._is_over = False
        self._cleanup = contextlib.ExitStack()
        self._refusals = LogLimit(log, "refused clients", at_once=20, per_second=1.0)
        self.summary: Summary | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """Where clients on this machine connect to."""
        return local_url(self._bound)

    @property
    def rest_url(self) -> str:
        """Where clients on this machine send HTTP requests."""
        return http_url(self.url)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._bound[1])

    @property
    def progress(self) -> Progress:
        """How it stands at this moment."""
        seconds = time.monotonic() - self._started
        state = RunState.FINISHING if self._end.has_begun else RunState.RECORDING
        writer = self._writer
        if writer is None:
            return Progress(RunState.CONNECTING, seconds, Counts(), 0)
        return Progress(state, seconds, copy.copy(writer.counts), writer.recording.file_size)

    @property
    def subscribed(self) -> SubscribedFacts:
        """What the proxy itself asked for: nothing."""
        return SubscribedFacts()

    @property
    def lost(self) -> int:
        """Frames that were passed on and could not be handed to the recording."""
        return 0 if self._writer is None else self._writer.lost

    async def run(self) -> Summary:
        """
        Pass on and record until stopped, or until a limit is reached.

        Raises:
            ServeError: If the address cannot be listened on.
            RecordingError: If the recording cannot be begun or finished.

        """
        await self.start()
        try:
            await self._end.wait()
        finally:
            await self.close()
        if self.summary is None:
            raise AssertionError("it was closed")
        return self.summary

    def stop(self) -> None:
        """End it: the connections are closed with 1001, and the recording is finished."""
        self._end.end(Outcome.STOPPED)

    def stop_now(self) -> None:
        """End it without waiting for anybody's goodbye."""
        self.stop()
        for relay in list(self._relays.values()):
            relay.drop()

    async def wait(self) -> None:
        """Wait until something ends it; `close` then closes the connections."""
        await self._end.wait()

    async def start(self) -> None:
        """Begin the recording, and listen; see `run` for errors."""
        loop, options, source = asyncio.get_running_loop(), self._options, self._source
        place = self._place
        recording = recording_of(source, place, PRIVATE) if isinstance(place, (str, Path)) else place
        clock = RecordingClock()
        writer = self._writer = LossyWriter(recording, self._end, options.max_frames, clock)
        recording.on_drained = functools.partial(call_in, loop, writer.drained)
        address = Address(source.url, source.redaction)
        self._stopping = asyncio.Event()
        self._context = RelayContext(source.feed, address, writer, clock, self._stopping)
        exchanges = ExchangeLog(writer, clock)
        self._http = HttpRelay(self._rest_base, address.redaction, exchanges, _MOST_REQUESTS, self._refusals)
        self._handshakes = self._make_handshakes()
        self._fronts = self._make_fronts()
        self._cleanup.enter_context(keeping_secrets(address.redaction, writer.counts))
        self._started = time.monotonic()
        try:
            self._server = await self._listen()
        except (OSError, OverflowError, UnicodeError) as error:
            self._cleanup.close()
            await asyncio.to_thread(recording.discard)
            raise ServeError(why_not_listening(options.host, options.port, error)) from error
        if options.duration is not None:
            timer = loop.call_later(options.duration, self._end.end, Outcome.LIMIT_REACHED)
            self._cleanup.callback(timer.cancel)
        addresses = [bound.getsockname() for bound in self._server.sockets]
        self._bound: tuple[Any, ...] = addresses[0]
        log.info("passing on from %s to %s, and plain HTTP to %s", self.url, address.shown, self._http.shown)
        if (warning := exposure(addresses, consequence="can speak to the venue through it")) is not None:
            log.warning("%s", warning)
        self._on_listening(self.url)

    async def close(self) -> None:
        """End every connection with 1001, and finish the recording; see `run` for errors."""
        if self._server is None or self._is_over:
            return
        self._is_over = True
        self.stop()
        self._stopping.set()
        await self._fronts.close(self._server, CLOSE_TIMEOUT)  # the relays close their own
        await self._http.close()
        self._refusals.tell_left_out()
        try:
            await self._finish()
        finally:
            self._cleanup.close()

    async def _finish(self) -> None:
        """Finish the recording, away from the event loop; one that saw neither connection nor request is not kept."""
        writer = self._running
        recording, path = writer.recording, None
        seconds = time.monotonic() - self._started
        writer.drained()
        try:
            if writer.counts.connections == writer.counts.requests == 0:
                await asyncio.to_thread(recording.discard)
            else:
                path = str(recording.path)
                path = str(await asyncio.to_thread(recording.finish, FINISH_PATIENCE))
        except FeedrecError as error:
            writer.fail(error)
        size = recording.file_size if path is not None else 0
        self.summary = Summary(path, seconds, writer.counts, size, lost=writer.lost + recording.frames_lost)

    @property
    def failure(self) -> FeedrecError | None:
        """Why the recording lacks frames, or was not finished; None if nothing failed."""
        return None if self._writer is None else self._writer.failure

    @property
    def _running(self) -> LossyWriter:
        if self._writer is None:
            raise AssertionError("it was started")
        return self._writer

    async def _listen(self) -> Server:
        return await serve(
            self._relay,
            self._options.host,
            self._options.port,
            open_timeout=OPEN_TIMEOUT + CLOSE_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            process_request=self._admit,
            process_response=self._accept,
            server_header=None,
            logger=library_log(),
            ping_interval=None,
            max_size=MAX_MESSAGE,
            write_limit=_WRITE_LIMIT,
            create_connection=self._make_front,  # type: ignore[arg-type]  # a factory will do
        )

    def _make_handshakes(self) -> Handshakes[ClientLeg | Front]:
        options = self._options
        return Handshakes(
            AllowedHosts(frozenset, options.host, map(parse_host_name, options.allow_hosts)),
            paths=[],
            has_path=lambda _: True,
            venue_refusal=lambda *_: None,
            max_clients=options.max_clients,
            max_waiting=_MOST_WAITING,
            log=self._refusals,
        )

    def _make_fronts(self) -> Fronts:
        fronts = Fronts(
            self._http.answer,
            self._handshakes,
            url=lambda: self.url,
            log=self._refusals,
            limits=_HTTP_LIMITS,
        )
        fronts.on_sent = self._http.sent
        return fronts

    def _make_front(self, *args: Any, **kwargs: Any) -> Front:
        return Front(self._fronts, functools.partial(self._make_leg, *args, **kwargs))

    def _make_leg(self, *args: Any, **kwargs: Any) -> ClientLeg:
        leg = ClientLeg(*args, **kwargs)
        leg.on_made, leg.on_lost = self._handshakes.begin, self._forget
        relay = self._relays[leg] = Relay(self._context, leg)
        leg.protocol.select_subprotocol = lambda _: relay.subprotocol  # type: ignore[assignment, method-assign]  # as its own argument does it
        return leg

    def _forget(self, leg: ClientLeg) -> None:
        self._handshakes.end(leg)
        self._relays.pop(leg).lost()

    async def _admit(self, websocket: ServerConnection, request: Request) -> Response | None:
        leg = cast(ClientLeg, websocket)
        refusal = self._handshakes.refusal(leg, request)
        if refusal is not None:
            return leg.respond(refusal.status, f"{refusal.reason}\n")
        relay = self._relays.get(leg)
        return None if relay is None else await relay.open(request)

    def _accept(self, websocket: ServerConnection, _: Request, response: Response) -> None:
        relay = self._relays.get(cast(ClientLeg, websocket))
        if relay is not None:
            relay.accept(response)

    async def _relay(self, websocket: ServerConnection) -> None:
        relay = self._relays.get(cast(ClientLeg, websocket))
        if relay is not None:
            await relay.run()
