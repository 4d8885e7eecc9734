"""
A connection until it speaks TLS.

asyncio would do that by itself (`create_server(ssl=...)`), but tells nobody of a connection until its TLS handshake is
done: any number of clients could connect, say nothing, and keep a descriptor each. Here a connection waits in line with
all others from the moment it is accepted, and what goes wrong is said in words.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, cast

__all__ = ["TlsHandshake", "refusal_of", "tell_of_tls"]

_SHUTDOWN_TIMEOUT = 2.0  # seconds for the client to take leave of TLS

_DISTRUST = ("UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE", "UNSUPPORTED_CERTIFICATE", "CERTIFICATE_EXPIRED")


class TlsHandshake(asyncio.Protocol):
    """
    Does the TLS handshake for a protocol that speaks over TLS.

    Args:
        connection: What takes over.
        context: The server's.
        timeout: Seconds that the handshake may take.
        on_made: Called with it when a client has connected.
        on_done: Called with it when the handshake is over, before the connection takes over, and with the error if it
            failed.

    Attributes:
        transport: The transport without TLS.

    """

    transport: asyncio.Transport

    def __init__(
        self,
        connection: asyncio.Protocol,
        context: ssl.SSLContext,
        timeout: float,
        on_made: Callable[[TlsHandshake], object],
        on_done: Callable[[TlsHandshake, Exception | None], object],
    ) -> None:
        self._connection = connection
        self._context = context
        self._timeout = timeout
        self._on_made = on_made
        self._on_done = on_done
        self._early = bytearray()
        self._is_lost = False
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._on_made(self)
        self._task = asyncio.get_running_loop().create_task(self._shake_hands())

    def data_received(self, data: bytes) -> None:
        """Keep what the client said together with its part of the handshake."""
        self._early += data

    def eof_received(self) -> None:
        self._is_lost = True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the task knows
        self._is_lost = True

    async def _shake_hands(self) -> None:
        loop = asyncio.get_running_loop()
        limits: dict[str, Any] = {"ssl_handshake_timeout": self._timeout, "ssl_shutdown_timeout": _SHUTDOWN_TIMEOUT}
        try:
            secure = await loop.start_tls(self.transport, self, self._context, server_side=True, **limits)
        except (OSError, ssl.CertificateError) as error:  # a time-out is one of them
            self.transport.abort()
            self._on_done(self, error)
            return
        except BaseException:
            self.transport.abort()
            self._on_done(self, None)
            raise
        self._on_done(self, None)
        if secure is None or self._is_lost:
            self.transport.abort()
            return
        secure.set_protocol(self._connection)
        self._connection.connection_made(cast(asyncio.Transport, _ClosedOnce(secure)))
        if self._early:
            self._connection.data_received(bytes(self._early))


class _ClosedOnce:
    """
    A transport of TLS that can be closed twice, or when it is lost, as any other.

    That of asyncio forgets its state then, and all its methods raise `AttributeError` (asyncio.sslproto).
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        if not self._transport.is_closing():
            self._transport.close()


def tell_of_tls(
    error: BaseException | None, log: Callable[[int, str, str], object], *, in_handshake: bool = False
) -> bool:
    """
    Tell why a client left, if that is about TLS.

    Args:
        error: What broke its connection. Since TLS 1.3, clients look at the certificate when our handshake is done.
        log: Takes level, format and text of a line.
        in_handshake: Whether our handshake was not done.

    Returns:
        Whether it did not accept TLS, or speak any.

    """
    reason = refusal_of(error)
    if reason is not None:
        log(logging.WARNING, "a client was refused: %s", reason)
    elif in_handshake and isinstance(error, ConnectionError):  # as asyncio's clients do, without a word
        log(
            logging.INFO,
            "a client hung up in the TLS handshake: %s",
            "it may not trust the certificate (docs/clients.md)",
        )
    return reason is not None


def refusal_of(error: BaseException | None) -> str | None:
    """Say in a line why a client did not accept TLS, or spoke none; None if the error is not about that."""
    if not isinstance(error, ssl.SSLError):
        return None
    reason = error.reason or ""
    if reason == "HTTP_REQUEST":
        return "it speaks no TLS: this replay is at wss://, not ws://"
    if reason.endswith(_DISTRUST):
        return f"it does not trust the certificate ({reason}; docs/clients.md)"
    return f"TLS failed ({reason})" if reason else None
