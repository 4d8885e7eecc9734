"""
Requests and their answers as events named `http`, which are of no connection.

Their bodies stand in the line as payloads of frames do (`payload/in_lines.py`), and so in `Event.details`: each is a
`msgspec.Raw`, which is never parsed and printed again, whatever its size. docs/format.md is normative.
"""

from __future__ import annotations

import contextlib
import re
from typing import Annotated, Any

import msgspec

from ...http_messages import FIELD_VALUE, OF_CONNECTION, TOKEN, Headers, HttpAnswer, HttpExchange
from ...model import Event, format_time, parse_time
from .payload.in_lines import PAYLOAD_KEYS, PayloadKey, key_of, payload_of, value_pieces
from .payload.json_strings import joined

__all__ = [
    "BODY_KEYS",
    "HTTP",
    "conn_in",
    "exchange_of",
    "http_event",
    "is_http_line",
    "may_be_http_line",
    "with_texts",
    "without_texts",
]

HTTP = "http"
"""The name of the event."""

_ENDINGS: dict[PayloadKey, str] = {"frame": "", "text": "_text", "base64": "_base64"}
_KEYS = {name: [name + _ENDINGS[key] for key in PAYLOAD_KEYS] for name in ("sent", "body")}

BODY_KEYS = frozenset(key for keys in _KEYS.values() for key in keys)
"""The keys of bodies: what stands under them is kept as it is."""

_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_LEFT_OUT = _SECRET | OF_CONNECTION | {"content-length", "content-type"}
"""Headers that are neither written nor read, whoever hands them over or wrote them."""

# Whoever sends them to a client is not made to send anything else.
_Token = Annotated[str, msgspec.Meta(pattern=TOKEN.pattern)]
_Value = Annotated[str, msgspec.Meta(pattern=FIELD_VALUE.pattern)]

_NOTHING = msgspec.Raw()
_WRITTEN = re.compile(rb'Z",("conn":-?\d+,)?"event":"http"[,}]')
_WRITTEN_AT = 38


class _Fields(msgspec.Struct):
    """The keys of such an event that a program reads, bodies apart; others are kept, and mean nothing."""

    started: str
    method: _Token
    url: str
    status: Annotated[int, msgspec.Meta(ge=200, le=999)]
    type: _Value = ""
    headers: dict[_Token, _Value] = {}
    sent_type: _Value = ""
    redacted: bool = False
    by: str = ""


def http_event(exchange: HttpExchange) -> Event:
    """
    Return the event of an exchange.

    Headers with secrets, or about the connection, are left out if there are any, and those that HTTP does not allow.
    """
    answer = exchange.answer
    headers = _by_name(answer.headers)
    sent_type, answer_type = (
        one if FIELD_VALUE.match(one) else "" for one in (exchange.sent_type, answer.content_type)
    )
    details = {
        "started": format_time(exchange.started),
        "method": exchange.method,
        "url": exchange.url,
        **({"by": exchange.by} if exchange.by else {}),
        **({"sent_type": sent_type} if sent_type else {}),
        **_body("sent", exchange.sent),
        "status": answer.status,
        **({"type": answer_type} if answer_type else {}),
        **({"headers": headers} if headers else {}),
        **({"redacted": True} if exchange.redacted else {}),
        **_body("body", answer.body),
    }
    return Event(exchange.time, None, HTTP, details)


def is_http_line(line: bytes) -> bool:
    """Return whether a line as a writer writes it, perhaps one that does not know such events, is one."""
    return _WRITTEN.match(line, _WRITTEN_AT) is not None


def conn_in(line: bytes) -> bytes:
    """Return the connection in such a line as a program writes it that does not know the event; else nothing."""
    found = _WRITTEN.match(line, _WRITTEN_AT)
    return found[1] or b"" if found else b""


def may_be_http_line(line: bytes) -> bool:
    """Return whether a line of any program may be such an event: a name with escapes has a backslash."""
    return b'"http"' in line or b"\\" in line


def exchange_of(event: Event) -> HttpExchange | None:
    """Return the exchange of an event; None if it is another event, or one that another program wrote wrongly."""
    if event.name != HTTP:
        return None
    others = {key: value for key, value in event.details.items() if key not in BODY_KEYS}
    try:
        fields = msgspec.convert(others, _Fields)
        started = parse_time(fields.started)
        sent, body = (_body_in(event.details, keys) for keys in _KEYS.values())
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError):
        return None
    headers = ((name.lower(), value) for name, value in fields.headers.items())
    kept = tuple((name, value) for name, value in headers if name not in _LEFT_OUT)
    answer = HttpAnswer(fields.status, body, fields.type, kept)
    request = started, fields.method, fields.url
    return HttpExchange(event.time, *request, answer, fields.sent_type, sent, fields.redacted, fields.by)


def without_texts(event: Event) -> tuple[Event, dict[str, bytes]]:
    """Return such an event without those of its bodies that do not stand in its line verbatim; and these, by name."""
    texts: dict[str, bytes] = {}
    details = event.details
    for name, keys in _KEYS.items():
        if keys[0] not in details and any(key in details for key in keys):
            with contextlib.suppress(msgspec.DecodeError, ValueError):
                texts[name] = _body_in(details, keys)
                details = {key: value for key, value in details.items() if key not in keys}
    return msgspec.structs.replace(event, details=details), texts


def with_texts(event: Event, texts: dict[str, bytes]) -> Event:
    """Return such an event with the bodies that `without_texts` took out, or others in their places."""
    details = dict(event.details)
    for name, body in texts.items():
        details |= _body(name, body)
    return msgspec.structs.replace(event, details=details)


def _body(name: str, body: bytes) -> dict[str, msgspec.Raw]:
    """Return a body under its key; nothing if it is empty."""
    if not body:
        return {}
    key = key_of(body)
    return {name + _ENDINGS[key]: msgspec.Raw(body if key == "frame" else joined(value_pieces(body, key)))}


def _body_in(details: dict[str, Any], keys: list[str]) -> bytes:
    """Return a body that stands under one of three keys; raises as `payload_of` does."""
    found = payload_of(*(memoryview(_raw(details[key]) if key in details else _NOTHING) for key in keys))
    return b"" if found is None else found[0]


def _raw(value: Any) -> msgspec.Raw:
    """Return what stands in the line; whoever makes an event by hand may have parsed it."""
    return value if isinstance(value, msgspec.Raw) else msgspec.Raw(msgspec.json.encode(value))


def _by_name(headers: Headers) -> dict[str, str]:
    """Return the headers that are written as one mapping; several with one name are listed in one value."""
    values: dict[str, str] = {}
    for name, value in headers:
        if name.lower() not in _LEFT_OUT and TOKEN.match(name) and FIELD_VALUE.match(value):
            values[name] = ", ".join(filter(None, (values.get(name), value)))
    return values
