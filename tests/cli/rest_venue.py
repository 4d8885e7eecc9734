"""The REST of a venue, in a thread, for commands that run as processes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["RestVenue", "rest_venue"]


class RestVenue:
    """
    What was asked, and where.

    Attributes:
        asked: Method and target of each request, in order.
        url: Where it is.

    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.url = ""


def _told(handler: BaseHTTPRequestHandler, body: bytes) -> bytes:
    """Say what was asked: request line, headers and body."""
    said = {"line": handler.requestline, "headers": list(handler.headers.items()), "body": body.decode("latin-1")}
    return json.dumps(said).encode()


@contextlib.contextmanager
def rest_venue(**headers: str) -> Iterator[RestVenue]:
    """Answer every request with what was asked; a keyword such as `set_cookie` is a header of the answers."""
    venue = RestVenue()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            said = self.rfile.read(int(self.headers.get("content-length") or 0))
            venue.asked.append(f"{self.command} {self.path}")
            answer = _told(self, said)
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = answer  # noqa: N815  as the library calls them

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        venue.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield venue
        finally:
            server.shutdown()
