"""Opening the WebSocket connection of a recorder, and what is told of one that is open, or could not be opened."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypedDict, Unpack, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI, SecurityError
from websockets.typing import Subprotocol

from ..admission.listening import host_and_port
from ..errors import ConnectError, HandshakeAnswer
from ..feeds.redaction import REDACTED, Address
from .network_errors import NO_ANSWER, is_loopback, network_reason
from .retry_after import longest_asked_for
from .wire.receiving import Receiver, ReceivingConnection, RecordedConnection

__all__ = [
    "CLOSE_TIMEOUT",
    "MAX_MESSAGE",
    "NO_CLOSE_FRAME",
    "OPEN_TIMEOUT",
    "Receiver",
    "ReceivingConnection",
    "RecordedConnection",
    "describe_opened",
    "open_connection",
    "wire_log",
]

MAX_MESSAGE = 64 << 20
"""Bytes a message may have: a BTC-USD level2 snapshot has 5 MB, too much for the library's default of 1 MiB."""

CLOSE_TIMEOUT = 2.0
"""Seconds that a venue gets to answer our close."""

NO_CLOSE_FRAME = 1006
"""Close code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

OPEN_TIMEOUT = 10.0
"""Seconds that a venue gets for the handshake."""

_OVERLOADED = (429, 503)

_USUAL_PORTS = {"ws": 80, "wss": 443}

# The library logs whole messages at level DEBUG, subscribe messages with their credentials among them.
wire_log = logging.getLogger("feedrec.wire")
wire_log.setLevel(logging.CRITICAL)


class HandshakeOptions(TypedDict, total=False):
    """What a handshake differs in that is made for somebody else; see `websockets.asyncio.client.connect`."""

    create_connection: type[RecordedConnection]
    subprotocols: Sequence[Subprotocol] | None
    compression: str | None
    user_agent_header: str | None


class _RedirectRefusedError(InvalidHandshake):
    pass


class _ConnectToOneHost(connect):
    """Follows redirects only within the host it was given: headers with API keys would go to another one too."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        before = self.uri
        target = super().process_redirect(exc)
        if isinstance(target, str):
            target = Address(target, Address(before).redaction)
            if _server_of(target) != _server_of(before):
                return _RedirectRefusedError(
                    f"it redirects to another host, {target.shown}; to record that one, give its address"
                )
        if isinstance(target, SecurityError):  # its text has the address with its secrets
            return _RedirectRefusedError("it redirects to an address without TLS")
        return target


class _ConnectToOneAddress(connect):
    """Follows no redirects."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def _server_of(url: str) -> tuple[str | None, int | None]:
    """Return host and port; no port where it is the usual one, so that a redirect may turn on TLS."""
    parts = urlsplit(url)
    return parts.hostname, None if parts.port == _USUAL_PORTS.get(parts.scheme) else parts.port


async def open_connection(
    url: str,
    make_receiver: Callable[[RecordedConnection], Receiver],
    headers: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
    *,
    follow_redirects: bool = True,
    **handshake: Unpack[HandshakeOptions],
) -> RecordedConnection:
    """
    Open a connection that hands its messages to a receiver from the first byte on.

    Args:
        url: A `ws://` or `wss://` address.
        make_receiver: Called with the connection before anything arrives on it.
        headers: Further headers of the handshake; they may hold secrets, and are sent to no other host.
        follow_redirects: Whether to follow those within the host; otherwise they are refusals.
        **handshake: What else the handshake differs in.

    Raises:
        ConnectError: If it fails, with the reason, and with the server's answer if that is a refusal.

    """
    kind = handshake.pop("create_connection", RecordedConnection)

    def create(*args: Any, **options: Any) -> RecordedConnection:
        connection = kind(*args, **options)
        connection.receiver = make_receiver(connection)
        return connection

    address = Address(url)
    shown = address.shown
    if shown == REDACTED:
        reason = "not a WebSocket address"
        raise ConnectError(f"cannot connect to {shown}: {reason}", reason=reason)
    try:
        options = {**_options_for(url), "create_connection": create, "additional_headers": headers, **handshake}
        connecting = _ConnectToOneHost if follow_redirects else _ConnectToOneAddress
        return cast(RecordedConnection, await connecting(address, **options))
    except Exception as error:
        # Broad, because a venue's answer can trip the library in many ways, from ValueError to LookupError, and a
        # recorder that has run for a week must try again after each of them.
        reason = address.redaction.text(_reason(error))
        failed = ConnectError(f"cannot connect to {shown}: {reason}", _seconds_asked_for(error), _answer(error), reason)
        if _tells_secrets(error, address):  # a traceback would show it
            raise failed from None
        raise failed from error


def _options_for(url: str) -> dict[str, Any]:
    """Return the options of the library that all connections to an address have."""
    options: dict[str, Any] = {
        "open_timeout": OPEN_TIMEOUT,
        "ping_interval": None,
        "close_timeout": CLOSE_TIMEOUT,
        "max_size": MAX_MESSAGE,
        "logger": wire_log,
    }
    if is_loopback(url) and "proxy" in inspect.signature(connect).parameters:  # since websockets 15
        options["proxy"] = None
    return options


def describe_opened(websocket: ClientConnection) -> dict[str, Any]:
    """Return what a recording tells of a connection that was just opened, besides its address."""
    described: dict[str, Any] = {}
    peer = websocket.remote_address
    if peer:
        described["address"] = host_and_port(peer)
    if websocket.response is not None:
        extensions = websocket.response.headers.get_all("Sec-WebSocket-Extensions")
        if extensions:
            described["extensions"] = ", ".join(extensions)
    return described


def _answer(error: Exception) -> HandshakeAnswer | None:
    """Return what a server answered that refused the handshake."""
    if not isinstance(error, InvalidStatus):
        return None
    response = error.response
    headers = tuple(response.headers.raw_items())
    return HandshakeAnswer(response.status_code, response.reason_phrase, headers, bytes(response.body or b""))


def _tells_secrets(error: BaseException | None, address: Address) -> bool:
    """Return whether the text of an error, or of what caused it, has a secret."""
    while error is not None:
        if address.redaction.text(str(error)) != str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _reason(error: Exception) -> str:
    """Say what went wrong, without any address as it is: it may hold secrets."""
    if isinstance(error, OSError):
        return network_reason(error, OPEN_TIMEOUT)
    if isinstance(error, InvalidStatus):
        wait = _seconds_asked_for(error)
        return f"the server answered with HTTP status {error.response.status_code}" + (
            f", and asked to be left alone for {wait:.0f} s" if wait else ""
        )
    if isinstance(error, InvalidURI):
        return f"not a WebSocket address: {error.msg}"
    if isinstance(error, EOFError) or isinstance(error.__cause__, EOFError):
        return NO_ANSWER
    text = str(error) or repr(error)
    is_answer = isinstance(error, InvalidHandshake | ValueError) and not isinstance(error, _RedirectRefusedError)
    return f"the server does not speak WebSocket: {text}" if is_answer else text


def _seconds_asked_for(error: Exception) -> float:
    """Return for how long a server that has too much to do asked to be left alone."""
    if not isinstance(error, InvalidStatus) or error.response.status_code not in _OVERLOADED:
        return 0.0
    return longest_asked_for(error.response.headers.get_all("Retry-After"), datetime.now(UTC))
