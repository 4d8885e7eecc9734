"""An entry of an HTTP archive that is a request and its answer, as an event. Pure."""

from __future__ import annotations

import re

import msgspec

from ....errors import LineError
from ....http_messages import Headers, HttpAnswer, HttpRequest, target_of
from ....model import Event
from ...line.http_events import http_event
from ...line.payload.json_strings import from_base64, text_of
from ..json_fields import nanoseconds_of
from ..source import Secrecy
from .connections import started_at

__all__ = ["RequestEntry", "event_of", "span_of"]

_MILLISECOND = re.compile(rb"\d{1,15}(\.\d{1,30})?", re.ASCII)
_OF_PAGES = re.compile(
    r"\s*(?:text/(?:html|css|javascript)|application/(?:x-)?javascript|(?:image|font|audio|video)/)", re.IGNORECASE
)
"""What pages are made of: no answers of a venue."""

_DECODED = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that say how the content was sent, while the archive has what it says."""

_FIRST_STATUS = 200
_ABSENT = (b"", b"null")


class _Header(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Content(msgspec.Struct, frozen=True):
    type: str = msgspec.field(default="", name="mimeType")
    text: msgspec.Raw = msgspec.Raw()
    encoding: str = ""
    size: int = 0
    is_base64: bool = msgspec.field(default=False, name="_feedrecBase64")


_NOTHING = _Content()


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: list[_Header] = []
    content: _Content | None = msgspec.field(default=None, name="postData")


class _Response(msgspec.Struct, frozen=True):
    status: int
    headers: list[_Header] = []
    content: _Content | None = None


class RequestEntry(msgspec.Struct, frozen=True):
    """An entry, as far as a recording has it."""

    request: _Request
    response: _Response
    started: str = msgspec.field(name="startedDateTime")
    time: msgspec.Raw = msgspec.Raw(b"0")
    own_time: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="_feedrecTime")
    redacted: bool = msgspec.field(default=False, name="_feedrecRedacted")
    by: str = msgspec.field(default="", name="_feedrecBy")

    @property
    def is_recorded(self) -> bool:
        """Whether it is of a kind that is recorded: answered, with a body that is there, and no part of a page."""
        content = self.response.content or _NOTHING
        has_body = bytes(content.text) not in _ABSENT or content.size <= 0
        return self.response.status >= _FIRST_STATUS and has_body and not _OF_PAGES.match(content.type)


def span_of(entry: RequestEntry) -> tuple[int, int]:
    """
    Return when the request was sent, and when the answer had come, in nanoseconds.

    Raises:
        LineError: If it does not tell that.

    """
    started = started_at(entry.started)
    own_time = bytes(entry.own_time)
    if own_time:
        return started, nanoseconds_of(own_time, "_feedrecTime")
    taken = bytes(entry.time)
    if not _MILLISECOND.fullmatch(taken):  # -1: unknown
        return started, started
    whole, _, decimals = taken.decode().partition(".")
    return started, started + int(whole) * 10**6 + int(decimals[:6].ljust(6, "0"))


def event_of(entry: RequestEntry, secrecy: Secrecy) -> Event | None:
    """
    Return the event of an entry; None if it may not be recorded.

    Raises:
        LineError: If its contents are not what they should be.

    """
    started, time = span_of(entry)
    asked, answered = entry.request, entry.response
    sent = _headers(asked.headers)
    if asked.content is not None and asked.content.type and not any(name == "content-type" for name, _ in sent):
        sent = (*sent, ("content-type", asked.content.type))
    try:
        request = HttpRequest(asked.method, target_of(asked.url), sent, _body(asked.content))
        received = tuple(pair for pair in _headers(answered.headers) if pair[0] not in _DECODED)
        answer = HttpAnswer(answered.status, _body(answered.content), _type(answered, received), received)
        exchange = secrecy.exchange(request, asked.url, answer, started, time)
    except (msgspec.DecodeError, ValueError) as error:
        raise LineError(f"its contents are invalid: {error}") from None
    if exchange is None:
        return None
    told = {"redacted": True} if entry.redacted else {}
    return http_event(msgspec.structs.replace(exchange, by=entry.by, **told))


def _headers(headers: list[_Header]) -> Headers:
    """Return headers as of HTTP/1.1: those of HTTP/2 that begin with a colon are the first line."""
    return tuple((one.name.lower(), one.value) for one in headers if not one.name.startswith(":"))


def _type(answered: _Response, headers: Headers) -> str:
    told = next((value for name, value in headers if name == "content-type"), "")
    kind = "" if answered.content is None else answered.content.type
    return told or ("" if kind == "x-unknown" else kind)


def _body(content: _Content | None) -> bytes:
    if content is None or bytes(content.text) in _ABSENT:
        return b""
    text = memoryview(content.text)
    return from_base64(text) if content.encoding == "base64" or content.is_base64 else text_of(text)
