"""What hands requests on to a server, and its answers back: with it, an `ObjectServer` is a proxy."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from tests.object_server import App
from tests.timing import HANG_TIMEOUT

__all__ = ["forwarding_to"]

_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}


def forwarding_to(url: str) -> App:
    """Return what forwards to a server; it breaks the connection off where that does, or is not there."""
    address = urlsplit(url).netloc

    def forward(environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        connection = http.client.HTTPConnection(address, timeout=HANG_TIMEOUT)
        try:
            answer = _ask(connection, environment)
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionResetError from error
        finally:
            connection.close()
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION]
        if answer.getheader("Content-Length") is None and answer.status != http.HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(body))))
        start(f"{answer.status} {answer.reason}", headers)
        return [body]

    return forward


def _ask(connection: http.client.HTTPConnection, environment: dict[str, Any]) -> http.client.HTTPResponse:
    """Send what the client did, its signature too; raise an error where it sent less than it said."""
    connection.putrequest(
        environment["REQUEST_METHOD"], environment["RAW_URI"], skip_host=True, skip_accept_encoding=True
    )
    size = int(environment.get("CONTENT_LENGTH") or 0)
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environment.get(name):
            connection.putheader(name.replace("_", "-"), environment[name])
    for name, value in environment.items():
        header = name.removeprefix("HTTP_").replace("_", "-").lower()
        if name.startswith("HTTP_") and header not in _OF_THE_CONNECTION:
            connection.putheader(header, value)
    connection.endheaders()
    body = environment["wsgi.input"].read(size)
    connection.send(body)
    if len(body) < size:
        raise ConnectionResetError
    return connection.getresponse()
