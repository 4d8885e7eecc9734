"""The answer to an HTTP request where only WebSockets are served. Pure."""

from __future__ import annotations

import http

from ..http_messages import HttpAnswer, HttpRequest, sentence

__all__ = ["plain_answer"]


def plain_answer(request: HttpRequest, url: str) -> HttpAnswer:
    """Return status and sentence, as RFC 9110 wants them; `url` is where WebSocket clients connect to."""
    if request.method in ("GET", "HEAD"):
        status, header = http.HTTPStatus.UPGRADE_REQUIRED, ("upgrade", "websocket")
        why = "this is a WebSocket server, not a web page"
    else:
        status, header = http.HTTPStatus.METHOD_NOT_ALLOWED, ("allow", "GET")
        why = f"this is a WebSocket server, which takes no {request.method}"
    return sentence(status, f"{why}: connect a WebSocket client to {url}", (header, ("connection", "close")))
