"""Listening for WebSocket clients that get frames: what all their connections have in common, and where that is."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.http11 import Request, Response

from ..admission.library_log import library_log
from ..admission.listening import exposure, local_url, why_not_listening
from ..errors import ServeError
from .client.connection import MAX_MESSAGE, TRANSPORT_LIMIT
from .tls.tls_context import ServerTls

__all__ = ["Listening", "Receiving", "listen"]

_RECEIVE_BUFFER = 1 << 16  # bytes of a client that its socket holds, and that are read at once
_SEND_BUFFER = 1 << 19  # bytes that the system holds for a client; by itself it would hold up to 4 MiB

# What Coinbase Exchange negotiated in 2021 (cryptofeed #709, XChange #4320); other venues are unknown.
_DEFLATE = ServerPerMessageDeflateFactory(
    server_no_context_takeover=True, client_no_context_takeover=True, compress_settings={"memLevel": 5}
)


class Receiving(Protocol):
    """What meets whoever connects; `Reception` is one."""

    def make_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return what meets a new connection; the arguments are those of a connection of the library."""

    def admit(self, websocket: ServerConnection, request: Request) -> Response | None:
        """Decide on a handshake: return the refusal, or None to let the client in."""


class Listening:
    """
    A server that listens, and where.

    Args:
        server: The server.
        tls: Its certificate; None without TLS.

    Attributes:
        server: The same.

    """

    def __init__(self, server: Server, tls: ServerTls | None = None) -> None:
        self.server = server
        self._tls = tls
        self._addresses = [bound.getsockname() for bound in server.sockets]

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._addresses[0][1])

    @property
    def url(self) -> str:
        """Where clients on this machine connect to."""
        return local_url(self._addresses[0], self._scheme, self._tls.names if self._tls is not None else ())

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine can reach it."""
        return self._exposure is not None

    @property
    def warnings(self) -> list[str]:
        """What a person should know: who can reach it, and whether the certificate has another name; mostly nothing."""
        wrong_name = None if self._tls is None else self._tls.wrong_name(self.url)
        return [text for text in (self._exposure, wrong_name) if text is not None]

    @property
    def _scheme(self) -> str:
        return "ws" if self._tls is None else "wss"

    @property
    def _exposure(self) -> str | None:
        return exposure(self._addresses, self._scheme)


async def listen(
    host: str,
    port: int,
    attend: Callable[[ServerConnection], Awaitable[None]],
    reception: Receiving,
    *,
    longest_message: int,
    backlog: int,
    tls: ServerTls | None = None,
) -> Listening:
    """
    Start to listen.

    Args:
        host: On which address.
        port: On which port; 0 for a free one.
        attend: Has a client that was let in, until it returns.
        reception: Meets whoever connects.
        longest_message: Bytes of the longest message that clients are known to send.
        backlog: How many connections are accepted at once.
        tls: The certificate with which `reception` meets them; None without TLS.

    Raises:
        ServeError: If the address cannot be listened on.

    """
    try:
        server = await serve(
            attend,
            host,
            port,
            compression=None,
            extensions=[_DEFLATE],
            process_request=reception.admit,
            logger=library_log(),
            ping_interval=None,
            max_size=max(MAX_MESSAGE, 2 * longest_message),
            write_limit=TRANSPORT_LIMIT,
            backlog=backlog,
            create_connection=reception.make_connection,  # type: ignore[arg-type]  # a factory will do
        )
    except (OSError, OverflowError, UnicodeError) as error:
        raise ServeError(why_not_listening(host, port, error)) from error
    for listening in server.sockets:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    return Listening(server, tls)
