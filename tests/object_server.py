"""
A store of objects on loopback that speaks S3, what it was asked for, and how it fails.

It is moto in this process, or a server behind it, whose proxy it is then.
"""

from __future__ import annotations

import itertools
import logging
import os
import socket
import struct
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import obstore
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from obstore.store import S3Store
from werkzeug.serving import WSGIRequestHandler, make_server

from feedrec.formats.places.opening import store_at
from feedrec.formats.places.protocol import Store
from feedrec.formats.places.url_path import UrlPath, place_of

__all__ = ["App", "Bucket", "Fault", "ObjectServer", "Request", "new_bucket", "object_server"]

_numbers = itertools.count(1)
_RESET_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: the peer gets an RST


class Request(NamedTuple):
    """A request that the store got: its method, the key, the range that it asked for, and bytes in the answer."""

    method: str
    key: str
    range: str
    size: int


App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""What answers, as WSGI has it: it is given the environment of the request, and what begins the answer."""

Fault = Callable[[App, dict[str, Any], Callable[..., Any]], Iterable[bytes]]
"""What answers with the help of that, and badly; it breaks the connection off by a ConnectionError."""


class _Handler(WSGIRequestHandler):
    """Resets a connection that is broken off: after what was sent, if that was anything."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Break it off."""
        self.close_connection = True
        if not isinstance(error, ConnectionAbortedError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
            os.close(self.connection.detach())


class ObjectServer:
    """
    The store; make buckets in it with `bucket`.

    Args:
        app: What answers; moto if that is not said.

    Attributes:
        url: Its address.
        requests: What it was asked for.
        answer: Answers in its place; returns None to leave that to it. It gets the environment of WSGI.
        fault: What goes wrong with a request, one of `store_faults.py`; None if nothing does.

    """

    def __init__(self, app: App | None = None) -> None:
        self._app = app or DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._serve, threaded=True, request_handler=_Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.requests: list[Request] = []
        self.answer: Callable[[dict[str, Any]], tuple[str, list[tuple[str, str]], bytes] | None] = lambda _: None
        self.fault: Callable[[dict[str, Any]], Fault | None] = lambda _: None
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _serve(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        fault = self.fault(environment)
        if fault is not None:
            return fault(self._answered, environment, start)
        return self._answered(environment, start)

    def _answered(self, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        instead = self.answer(environment)
        if instead is not None:
            start(instead[0], instead[1])
            body = [instead[2]]
        else:
            body = list(self._app(environment, start))
        self.requests.append(
            Request(
                environment["REQUEST_METHOD"],
                environment["PATH_INFO"].lstrip("/").partition("/")[2],
                environment.get("HTTP_RANGE", ""),
                sum(map(len, body)),
            )
        )
        return body


class Bucket(NamedTuple):
    """A bucket in it, empty at first, as its URL; and the store itself."""

    url: UrlPath
    server: ObjectServer

    @property
    def store(self) -> Store:
        """The bucket as a place."""
        return store_at(self.url)

    @property
    def requests(self) -> list[Request]:
        """What the store was asked for since the bucket was made."""
        return self.server.requests


@contextmanager
def object_server(app: App | None = None) -> Iterator[ObjectServer]:
    """Run a store, of which something else than moto answers if that is said."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ObjectServer(app)
    try:
        yield server
    finally:
        server.stop()


def new_bucket(server: ObjectServer, patch: pytest.MonkeyPatch) -> Bucket:
    """Make a bucket, and set the environment so that it is found in this process and those that it starts."""
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        patch.setenv(name, value)
    server.answer = server.fault = lambda _: None
    name = f"bucket-{next(_numbers)}"
    url = obstore.sign(S3Store(name), "PUT", "", timedelta(minutes=1))
    urllib.request.urlopen(urllib.request.Request(url, method="PUT")).close()
    server.requests.clear()
    place = place_of(f"s3://{name}")
    assert isinstance(place, UrlPath)
    return Bucket(place, server)
