"""HTTP archives for tests, as Chrome writes them."""

from __future__ import annotations

import base64
import json
from typing import Any

from feedrec.model import parse_time

__all__ = ["MILLISECOND", "SECOND", "STARTED", "TWO", "Entry", "T", "archive", "connection", "message", "request"]

T = parse_time("2026-11-21T17:00:00Z")
STARTED = "2026-11-21T18:00:00.500+01:00"
MILLISECOND, SECOND = 10**6, 10**9

Entry = dict[str, Any]


def message(time: str, data: str, **more: Any) -> Entry:
    return {"type": "receive", "time": float(time), "opcode": 1, "data": data, **more}


def connection(*messages: Entry, started: str = STARTED, **more: Any) -> Entry:
    """Give an entry as Chrome writes it."""
    request = {"method": "GET", "url": "wss://x.example/ws", "headers": [{"name": "Cookie", "value": "1"}]}
    response = {"status": 101, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}}
    entry = {"startedDateTime": started, "time": 5, "request": request, "response": response}
    return {**entry, "_resourceType": "websocket", "_webSocketMessages": list(messages), **more}


def request(url: str, text: str | None, kind: str = "application/json", **more: Any) -> Entry:
    content = {"size": 9, "mimeType": kind, **({} if text is None else {"text": text})}
    headers = [{"name": ":status", "value": "200"}, {"name": "Content-Encoding", "value": "gzip"}]
    response = {"status": 200, "headers": [*headers, {"name": "X-Rate", "value": "3"}], "content": content}
    sent = {"method": "POST", "url": url, "headers": [], "postData": {"mimeType": "text/plain", "text": "q"}}
    return {"startedDateTime": STARTED, "time": 250.25, "request": sent, "response": response, **more}


def archive(*entries: Entry, creator: str = "WebInspector", **more: Any) -> bytes:
    log = {"version": "1.2", "creator": {"name": creator}, "pages": [], "entries": list(entries), **more}
    return json.dumps({"log": log}, indent=2).encode()


TWO = archive(
    connection(
        {"type": "send", "time": 1795280401.25, "opcode": 1, "data": '{"op":"subscribe","secret":1}'},
        message("1795280401.75", '{"n": 1}'),
        {**message("1795280403.000001", base64.b64encode(b"\0\xff").decode()), "opcode": 2},
    ),
    connection(message("1795280402.5", "é\n"), started="2026-11-21T17:00:02Z"),
)
