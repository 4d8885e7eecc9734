"""
Asks servers by HTTP, and gives their answers as they sent them: neither unpacked nor followed.

It loads httpx, which takes a while: use `open_client` in loading.py.
"""

from __future__ import annotations

import asyncio
import http.cookiejar
import ssl
from collections.abc import Awaitable, Callable

import httpx

from ...errors import ConnectError
from ...feeds.redaction import Address
from ...http_messages import Headers, HttpAnswer, HttpRequest, first_value
from ..connection import OPEN_TIMEOUT
from ..network_errors import NO_ANSWER, is_loopback, network_reason
from .exchanges import MAX_BODY

__all__ = ["ANSWER_TIMEOUT", "SMALL", "RestClient"]

ANSWER_TIMEOUT = 60.0
"""Seconds within which an answer must be there, whole."""

SMALL = 1 << 16
"""Bytes that an answer may have before it reserves memory: about as many as come at once."""

_SILENCE = 30.0  # seconds without a byte
_KEPT_FOR = 4.0  # seconds that a connection is kept for the next request: servers close after 5, rarely earlier


class RestClient:
    """
    Asks by HTTP/1.1, over connections that are kept for a few seconds.

    It keeps no cookies and follows no redirects; an answer is what the server sent, compressed as it was. Certificates
    are verified as for WebSockets. Proxies are those that the environment names, but for this machine there is none.

    Args:
        most: Requests that are under way at once; others wait for their turn.
        answer_timeout: Seconds for a whole answer.
        max_body: Bytes that an answer may have, as it is sent.

    """

    def __init__(self, most: int, *, answer_timeout: float = ANSWER_TIMEOUT, max_body: int = MAX_BODY) -> None:
        self._most = most
        self._answer_timeout = answer_timeout
        self._max_body = max_body
        self._tls = ssl.create_default_context()  # here, as it takes a while
        self._clients: dict[bool, httpx.AsyncClient] = {}  # by whether the server is on this machine

    async def ask(
        self, request: HttpRequest, url: Address, reserve: Callable[[int], Awaitable[None]] | None = None
    ) -> HttpAnswer:
        """
        Send a request, and return the whole answer.

        Args:
            request: What to ask; its target is sent as it is written.
            url: The whole address, with the same target.
            reserve: Awaited once, before an answer has more than `SMALL` bytes, with the number that it may have.

        Returns:
            The answer, with all its headers.

        Raises:
            ConnectError: If there is none, with the reason, and without secrets.

        """
        try:
            async with asyncio.timeout(self._answer_timeout):
                return await self._ask(request, url, reserve)
        except ConnectError:
            raise
        except TimeoutError:
            text = f"no whole answer within {self._answer_timeout:g} seconds"
        except Exception as error:  # noqa: BLE001  an answer can trip the library in many ways
            text = url.redaction.text(_reason(error))
        raise ConnectError(f"cannot get an answer from {url.shown}: {text}") from None  # a traceback may have secrets

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _ask(
        self, request: HttpRequest, url: Address, reserve: Callable[[int], Awaitable[None]] | None
    ) -> HttpAnswer:
        client = self._client_for(url)
        sent = httpx.Request(
            request.method,
            str(url),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
            content=request.body or None,
            extensions={"timeout": client.timeout.as_dict()},
        )
        target = request.target.encode("latin-1")
        if target != sent.url.raw_path and (sent.url.scheme == "https" or is_loopback(url)):
            # The library would write it otherwise, and a signature is of what the client wrote. Through a proxy, plain
            # HTTP has the whole address there.
            sent.extensions = {**sent.extensions, "target": target}
        response = await client.send(sent, stream=True)
        try:
            body = bytearray()
            async for piece in response.aiter_raw():
                if reserve is not None and len(body) <= SMALL < len(body) + len(piece):
                    await reserve(self._most_of(response.headers))
                body += piece
                if len(body) > self._max_body:
                    text = f"the answer has more than {self._max_body >> 20} MiB"
                    raise ConnectError(f"cannot get an answer from {url.shown}: {text}")
        finally:
            await response.aclose()
        headers = _headers_of(response.headers.raw)
        return HttpAnswer(response.status_code, bytes(body), first_value(headers, "content-type") or "", headers)

    def _most_of(self, headers: httpx.Headers) -> int:
        """Return how many bytes an answer may have: as its head says, if that says it."""
        length = headers.get("content-length")
        return self._max_body if length is None or "transfer-encoding" in headers else min(int(length), self._max_body)

    def _client_for(self, url: str) -> httpx.AsyncClient:
        is_local = is_loopback(url)
        client = self._clients.get(is_local)
        if client is None:
            client = self._clients[is_local] = httpx.AsyncClient(
                verify=self._tls,
                timeout=httpx.Timeout(_SILENCE, connect=OPEN_TIMEOUT, pool=None),
                limits=httpx.Limits(max_connections=self._most, keepalive_expiry=_KEPT_FOR),
                follow_redirects=False,
                trust_env=not is_local,
            )
            client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=()))  # none at all
        return client


def _headers_of(raw: list[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw)


def _reason(error: BaseException) -> str:
    """Say what went wrong: the first thing that did."""
    if isinstance(error, httpx.ConnectTimeout):
        return f"no answer within {OPEN_TIMEOUT:g} seconds"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {_SILENCE:g} seconds"
    if (cause := _cause_of(error)) is not None:
        return network_reason(cause, OPEN_TIMEOUT, "http")
    if isinstance(error, httpx.ProxyError):
        return f"the proxy of the environment refused: {error}"
    if isinstance(error, (httpx.ReadError, httpx.WriteError)) or "without sending a response" in str(error):
        return NO_ANSWER
    text = str(error) or repr(error)
    return f"the server does not speak HTTP: {text}" if isinstance(error, httpx.RemoteProtocolError) else text


def _cause_of(error: BaseException | None) -> OSError | None:
    """Return the error of the operating system that is behind an error of the library, if any: the deepest."""
    found: OSError | None = None
    while error is not None:
        if isinstance(error, OSError) and (found is None or str(error)):
            found = error
        error = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__ or error.__context__
    return found
