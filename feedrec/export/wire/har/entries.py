"""
The pieces of JSON that an archive consists of. Pure.

The format is HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), with messages as Chrome writes them:
`_webSocketMessages` with `type`, `time`, `opcode` and `data`. What begins with `_feedrec` is ours: a time in full,
since a double has no nanoseconds; `_feedrecBase64` where `data` is base64 of what should be text; flags of frames;
events.
"""

from __future__ import annotations

import http
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from ....formats.line.payload.json_strings import base64_pieces, is_utf8, joined, string_pieces
from ....http_messages import Headers, HttpExchange
from ....model import NANOSECONDS, Event, Frame, Header, format_time

__all__ = [
    "AFTER_ENTRIES",
    "BETWEEN",
    "END",
    "beginning",
    "connection_parts",
    "event_text",
    "exchange_entry",
    "message_text",
]

BETWEEN, AFTER_ENTRIES, END = b",\n", b'\n],"_feedrecEvents":[', b"]}}\n"
"""What stands between two entries, messages or events; after the last entry; and after the events that follow it."""

_TEXT, _BINARY = 1, 2
_MILLISECOND = 1_000_000
_FLAGS = ("redacted", "synthetic", "unverified", "rewritten")
_UNKNOWN = -1

_encode = msgspec.json.encode


def beginning(header: Header, version: str) -> bytes:
    """Return what an archive begins with."""
    log = {
        "version": "1.2",
        "creator": {"name": "feedrec", "version": version},
        "_feedrecEndpoint": header.endpoint,
        "_feedrecUrl": header.url,
        "pages": [],
    }
    return b'{"log":' + _encode(log)[:-1] + b',"entries":[\n'


def message_text(frame: Frame) -> tuple[bytes, bool]:
    """Return a message, and whether it is text that is no valid UTF-8: as base64, as if it were binary."""
    is_text = not frame.binary and is_utf8(frame.payload)
    kind = b"receive" if frame.direction == "in" else b"send"
    opcode = _TEXT if is_text else _BINARY
    data = joined(string_pieces(frame.payload) if is_text else base64_pieces(frame.payload))
    seconds, rest = divmod(frame.time, NANOSECONDS)
    marks = [f"_feedrec{name.capitalize()}" for name in _FLAGS if getattr(frame, name)]
    if not (is_text or frame.binary):
        marks.append("_feedrecBase64")
    more = b"".join(b',"%b":true' % mark.encode() for mark in marks)
    head = b'{"type":"%b","time":%d.%09d,"opcode":%d,"_feedrecTime":%d%b,"data":"' % (
        kind,
        seconds,
        rest,
        opcode,
        frame.time,
        more,
    )
    return b"".join((head, data, b'"}')), not (is_text or frame.binary)


def event_text(event: Event) -> bytes:
    """Return an event as it stands in a recording."""
    conn = {} if event.conn is None else {"conn": event.conn}
    return _encode({"time": format_time(event.time), **conn, "event": event.name, **event.details})


def connection_parts(
    conn: int, url: str, opening: dict[str, Any], first_time: int, last_time: int
) -> tuple[bytes, bytes, bytes]:
    """
    Return what stands around the messages and events of a connection: before, between and after them.

    Args:
        conn: Its number.
        url: What it is to.
        opening: What its `open` event tells.
        first_time: When it was opened, in nanoseconds.
        last_time: The last time at which something happened to it.

    """
    headers = opening.get("headers")
    sent = _pairs(headers.items()) if isinstance(headers, dict) else []
    extensions, address = opening.get("extensions"), opening.get("address")
    received = _pairs([("Sec-WebSocket-Extensions", extensions)])
    protocol = _pairs([("Sec-WebSocket-Protocol", opening.get("subprotocol"))])
    entry = {
        "startedDateTime": format_time(first_time),
        "time": (last_time - first_time) / _MILLISECOND,
        "request": _request("GET", url, sent, 0),
        "response": _response(101, [*received, *protocol], {"size": 0, "mimeType": "x-unknown"}),
        "cache": {},
        "timings": _timings(0.0, (last_time - first_time) / _MILLISECOND),
        **({"serverIPAddress": _host(address)} if isinstance(address, str) else {}),
        "connection": str(conn),
        "_resourceType": "websocket",
    }
    return _encode(entry)[:-1] + b',"_webSocketMessages":[', b'],"_feedrecEvents":[', b"]}"


def exchange_entry(exchange: HttpExchange) -> bytes:
    """Return a request and its answer."""
    answer = exchange.answer
    milliseconds = max(0, exchange.time - exchange.started) / _MILLISECOND
    sent_headers = _pairs([("Content-Type", exchange.sent_type)])
    request = _request(exchange.method, exchange.url, sent_headers, len(exchange.sent))
    if exchange.sent:
        request["postData"] = {"mimeType": exchange.sent_type, **_content(exchange.sent, "_feedrecBase64", mark=True)}
    content = {"size": len(answer.body), "mimeType": answer.content_type or "x-unknown"}
    headers = _pairs([("Content-Type", answer.content_type), *answer.headers])
    entry = {
        "startedDateTime": format_time(min(exchange.started, exchange.time)),
        "time": milliseconds,
        "request": request,
        "response": _response(answer.status, headers, {**content, **_content(answer.body, "encoding", mark="base64")}),
        "cache": {},
        "timings": _timings(milliseconds, 0.0),
        "_resourceType": "fetch",
        "_feedrecTime": exchange.time,
        **({"_feedrecRedacted": True} if exchange.redacted else {}),
        **({"_feedrecBy": exchange.by} if exchange.by else {}),
    }
    return _encode(entry)


def _request(method: str, url: str, headers: list[dict[str, str]], body_size: int) -> dict[str, Any]:
    return {
        "method": method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "headers": headers,
        "queryString": _pairs(_query(url)),
        "cookies": [],
        "headersSize": _UNKNOWN,
        "bodySize": body_size,
    }


def _response(status: int, headers: list[dict[str, str]], content: dict[str, Any]) -> dict[str, Any]:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return {
        "status": status,
        "statusText": phrase,
        "httpVersion": "HTTP/1.1",
        "headers": headers,
        "cookies": [],
        "content": content,
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }


def _timings(wait: float, receive: float) -> dict[str, float]:
    unknown = dict.fromkeys(("blocked", "dns", "connect", "ssl"), _UNKNOWN)
    return {**unknown, "send": 0, "wait": wait, "receive": receive}


def _content(body: bytes, key: str, *, mark: Any) -> dict[str, Any]:
    """Return a body as text; as base64, and with a mark, if it is no valid UTF-8."""
    if not body:
        return {}
    if is_utf8(body):
        return {"text": msgspec.Raw(b'"%b"' % joined(string_pieces(body)))}
    return {key: mark, "text": joined(base64_pieces(body)).decode()}


def _pairs(pairs: Any) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs if isinstance(value, str) and value]


def _query(url: str) -> Headers:
    try:
        return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=None))
    except ValueError:
        return ()


def _host(address: str) -> str:
    """Return the host of an address with a port, without brackets."""
    return address.rpartition(":")[0].strip("[]") or address
