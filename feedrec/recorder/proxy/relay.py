"""
One client of the proxy and its own connection to the venue.

Each side makes the other wait, and nobody else: while the client does not read, nothing is read from its venue, and the
other way round. So no more is in memory than both transports hold and one message.
"""

from __future__ import annotations

import asyncio
import functools
import http
import logging
import time
from collections.abc import Awaitable
from typing import Any

import msgspec
from websockets.exceptions import InvalidHeader
from websockets.frames import Close, CloseCode
from websockets.headers import parse_subprotocol
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ...admission.listening import host_and_port
from ...errors import ConnectError, UsageError
from ...feeds import Feed
from ...feeds.redaction import Address
from ..clock import RecordingClock
from ..connection import CLOSE_TIMEOUT, NO_CLOSE_FRAME, open_connection
from ..intake import Intake
from ..refusals import write_refusal
from ..watchdog import Watchdog
from .handshake import address_for, passed_on
from .legs import ClientLeg, VenueLeg
from .lossy_writer import LossyWriter
from .receivers import Follow, FromClient, FromVenue, Report

__all__ = ["Relay", "RelayContext"]

CLIENT_PATIENCE = 10.0
"""Seconds that a client gets to read what waits for it once its venue has closed."""

_TICK = 1.0  # seconds between looks at the silence of the venue

_DEFLATE = "permessage-deflate"

log = logging.getLogger("feedrec")


class RelayContext(msgspec.Struct):
    """
    What all relays of a proxy share.

    Attributes:
        feed: What is spoken.
        address: Where the proxy leads to, and what must not be recorded.
        writer: Where frames are recorded.
        clock: Gives the stamps.
        stopping: Set when the proxy ends.

    """

    feed: Feed
    address: Address
    writer: LossyWriter
    clock: RecordingClock
    stopping: asyncio.Event


class Relay:
    """
    Passes everything on between a client and a connection to the venue that is opened for it.

    Args:
        context: What it shares with the others.
        client: The client's side, on which nothing has arrived yet.

    """

    def __init__(self, context: RelayContext, client: ClientLeg) -> None:
        self._context = context
        self._client = client
        self._said = FromClient(context.writer)
        client.receiver = self._said
        self._venue: VenueLeg | None = None
        self._heard: FromVenue | None = None
        self._is_running = False

    @property
    def subprotocol(self) -> Subprotocol | None:
        """What the venue chose of what the client offers."""
        return None if self._venue is None else self._venue.protocol.subprotocol

    async def open(self, request: Request) -> Response | None:
        """
        Open the venue's side as the client asks for it.

        Returns:
            The venue's refusal, or why there is no connection; None if it is open.

        """
        connecting = asyncio.ensure_future(self._connect(request))
        waits = [asyncio.ensure_future(event.wait()) for event in (self._client.ended, self._context.stopping)]
        try:
            await asyncio.wait([connecting, *waits], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (connecting, *waits):
                task.cancel()
            await asyncio.gather(connecting, *waits, return_exceptions=True)
        if connecting.cancelled() or self._client.ended.is_set():
            self.lost()
        if connecting.cancelled():
            return self._client.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "the proxy is ending\n")
        error = connecting.exception()
        if error is None:
            return None
        if isinstance(error, (UsageError, InvalidHeader)):
            return self._client.respond(http.HTTPStatus.BAD_REQUEST, f"{error}\n")
        if not isinstance(error, ConnectError):
            raise error
        log.warning("a client was refused: %s", error)
        return self._refusal(error)

    def accept(self, response: Response) -> None:
        """Add to the answer to the client what the venue said in its own."""
        answer = None if self._venue is None else self._venue.response
        if answer is None or response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
            return
        pairs = passed_on(answer.headers.raw_items())
        for name in {name for name, _ in pairs if name in response.headers}:
            del response.headers[name]
        for name, value in pairs:
            response.headers[name] = value

    async def run(self) -> None:
        """Pass everything on until one side ends, or the proxy does; end the other one alike."""
        client, venue, heard = self._client, self._venue, self._heard
        if venue is None or heard is None:
            raise AssertionError("the venue opens first")
        self._is_running = True
        heard.read_done()  # what came before the client had its answer
        await self._wait(venue, heard)
        by, close = self._ending(venue)
        client.on_full = client.on_room = venue.on_full = venue.on_room = lambda: None
        others: list[Awaitable[None]] = [client.end_as(close, CLIENT_PATIENCE if by == "venue" else CLOSE_TIMEOUT)]
        others.append(venue.end_as(close, CLOSE_TIMEOUT))
        await asyncio.gather(*others)
        self._record_end(by, close)

    def lost(self) -> None:
        """Take note that the client is gone; if it went before it was answered, its venue is not needed."""
        if not self._is_running and self._venue is not None:
            self._venue.drop()
            self._record_end("client", None)

    def drop(self) -> None:
        """Drop both sides without a close."""
        for leg in (self._client, self._venue):
            if leg is not None:
                leg.drop()

    async def _connect(self, request: Request) -> None:
        context = self._context
        url = Address(address_for(context.address, request.path), context.address.redaction)
        headers = passed_on(request.headers.raw_items())
        url.redaction.learn_from(url, dict(headers))
        listed = request.headers.get_all("Sec-WebSocket-Protocol")
        offered = [name for value in listed for name in parse_subprotocol(value)]
        has_deflate = any(_DEFLATE in value for value in request.headers.get_all("Sec-WebSocket-Extensions"))
        number = context.writer.take_number()
        make_intake = functools.partial(self._make_intake, number)
        details = {"client": host_and_port(self._client.remote_address), "headers": _joined(headers)}
        heard = self._heard = FromVenue(context.feed, url, details, make_intake, self._client)
        try:
            await open_connection(
                url,
                functools.partial(self._attach, heard),
                headers,
                follow_redirects=False,
                create_connection=VenueLeg,
                subprotocols=offered or None,
                compression="deflate" if has_deflate else None,
                user_agent_header=None,
            )
        except BaseException as error:
            if not heard.is_open:
                if isinstance(error, ConnectError):
                    write_refusal(context.writer, context.clock, number, error, url)
                context.writer.return_number(number)
            raise
        log.info("connection %d open to %s", number, url.shown)

    def _make_intake(self, number: int, follow: Follow, report: Report) -> Intake:
        context = self._context
        return Intake(number, context.feed, follow, report, context.writer, context.clock)

    def _attach(self, heard: FromVenue, venue: Any) -> FromVenue:
        """Have each side feed the other."""
        client, self._venue, heard.venue = self._client, venue, venue
        self._said.venue, self._said.intake, self._said.address = venue, heard.intake, self._context.address
        client.on_full, client.on_room = functools.partial(venue.read, on=False), functools.partial(venue.read, on=True)
        venue.on_full, venue.on_room = functools.partial(client.read, on=False), functools.partial(client.read, on=True)
        return heard

    def _refusal(self, error: ConnectError) -> Response:
        """Return the venue's answer as ours; where it gave none, a sentence."""
        response = self._client.respond(http.HTTPStatus.BAD_GATEWAY, f"{error}\n")
        answer = error.answer
        if answer is None:
            return response
        for name in list(response.headers):
            if name.lower() not in {"connection", "content-length"}:
                del response.headers[name]
        for name, value in passed_on(answer.headers):
            response.headers[name] = value
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(answer.body))
        response.status_code, response.reason_phrase, response.body = answer.status, answer.reason, answer.body
        return response

    async def _wait(self, venue: VenueLeg, heard: FromVenue) -> None:
        """Wait until something ends the relay; a venue that is silent, answers to pings included, is given up."""
        events = (venue.ended, self._client.ended, self._context.stopping)
        waits = [asyncio.ensure_future(event.wait()) for event in events]
        watchdog = Watchdog(time.monotonic())
        try:
            while not (await asyncio.wait(waits, timeout=_TICK, return_when=asyncio.FIRST_COMPLETED))[0]:
                heard.intake.write_reading_if_due()
                now = time.monotonic()
                watchdog.last_bytes = heard.last_bytes
                if self._client.paused:  # nothing is read from the venue meanwhile
                    watchdog.restart(now)
                    heard.last_bytes = now
                frames, is_amid = heard.intake.frames, venue.is_amid_message
                verdict = watchdog.judge(now, frames, is_amid_message=is_amid, frame_limit=None)
                if verdict == "dead":
                    heard.intake.event("silence", {"seconds": round(now - heard.last_bytes, 3)})
                    venue.transport.abort()
                elif verdict == "ping" and venue.is_open:
                    venue.protocol.send_ping(b"")
                    venue.send_data()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _ending(self, venue: VenueLeg) -> tuple[str, Close | None]:
        """Return who ended the relay, and with which close."""
        if venue.ended.is_set():
            return "venue", venue.close_received
        if self._client.ended.is_set():
            return "client", self._client.close_received
        return "proxy", Close(CloseCode.GOING_AWAY, "the recording proxy ends")

    def _record_end(self, by: str, close: Close | None) -> None:
        heard, venue = self._heard, self._venue
        if heard is None or venue is None or not heard.is_open:
            return
        heard.is_open = False
        code, reason = (NO_CLOSE_FRAME, "") if close is None else (int(close.code), close.reason)
        details: dict[str, Any] = {"code": code, "reason": self._context.address.redaction.text(reason), "by": by}
        if (error := venue.protocol.parser_exc) is not None and not isinstance(error, EOFError):
            details["error"] = str(error)
        self._context.writer.counts.out_of_order += heard.sequence.out_of_order
        heard.intake.event("close", details)
        number = heard.intake.number
        shown = f" ({details['reason']})" if reason else ""
        log.info("connection %d closed by the %s: code %d%s", number, by, code, shown)


def _joined(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Return headers as one mapping; several with one name are listed in one value."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
