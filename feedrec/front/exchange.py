"""
One request and its answer, through h11. Pure.

A request is read a few pieces at a time, so that one in a million chunks holds nobody up. What an answer says in its
headers is not trusted, since it may stand in a recording: what is no header, and what is not ours to say, is left out.
"""

from __future__ import annotations

import http
import re
from collections.abc import Iterator
from email.utils import formatdate
from urllib.parse import urlsplit

import h11

from ..admission.handshakes import Refusal
from ..http_messages import OF_CONNECTION, Headers, HttpAnswer, HttpRequest, first_value
from .head import LONGEST_HEAD

__all__ = ["Exchange"]

_PIECES_AT_ONCE = 32  # an event of h11 takes some 10 µs
_MOST_FRAMING = 1 << 16  # bytes of a body in chunks that are not its content

_MALFORMED = Refusal(http.HTTPStatus.BAD_REQUEST, "this is not an HTTP/1.1 request")
_NO_METHOD = Refusal(http.HTTPStatus.NOT_IMPLEMENTED, "this server is no proxy")

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?|")
_NOT_OURS_TO_SAY = OF_CONNECTION - {"upgrade"} | {"content-type", "content-length", "content-encoding"}
"""Headers that are said anew for each connection; 426 must bring along what to upgrade to."""

_CORS = "access-control-"
"""With these, web pages of anybody could read the answers."""

_WITHOUT_CONTENT = (http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED)
_ORIGIN_FORM = re.compile(r"https?://", re.IGNORECASE)


class Exchange:
    """
    One request and its answer.

    Args:
        longest_body: Bytes that the content of the request may have.

    Attributes:
        is_whole: Whether all of the request is here.
        has_more: Whether there may be more to be read of what was taken; see `read_on`.

    """

    def __init__(self, longest_body: int) -> None:
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LONGEST_HEAD)
        self._longest_body = longest_body
        self._event: h11.Request | None = None
        self._target, self._headers = "", Headers()
        self._body = bytearray()
        self._taken = 0
        self.is_whole = self.has_more = False

    def take_head(self, head: bytes) -> Refusal | None:
        """Take the head of the request; return why it is refused."""
        self._http.receive_data(head.removeprefix(b"\r\n"))
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            return Refusal(http.HTTPStatus(error.error_status_hint), _MALFORMED.reason)
        except ValueError:  # a length of thousands of digits
            return self._too_large
        if not isinstance(event, h11.Request):
            return _MALFORMED
        self._event = event
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers]
        self._target, self._headers = _in_origin_form(event.target.decode("latin-1"), headers)
        return self._refusal(event.method)

    @property
    def go_on(self) -> bytes:
        """What tells a client to send the body, if it waits for that; empty if not."""
        if not self._http.they_are_waiting_for_100_continue:
            return b""
        return self._http.send(h11.InformationalResponse(status_code=http.HTTPStatus.CONTINUE, headers=[]))

    def take(self, data: bytes) -> None:
        """Take some of what follows the head, at least a byte; `read_on` then reads it."""
        self._taken += len(data)
        self._http.receive_data(data)

    def read_on(self) -> Refusal | None:
        """Read a little of what was taken; return why the request is refused."""
        for _ in range(_PIECES_AT_ONCE):
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                return Refusal(http.HTTPStatus(error.error_status_hint), "the body is not what its head says")
            if isinstance(event, h11.EndOfMessage):
                self.is_whole, self.has_more = True, False
                return None
            if not isinstance(event, h11.Data):
                self.has_more = False
                return self._too_large if self._taken > len(self._body) + _MOST_FRAMING else None
            self._body += event.data
            if len(self._body) > self._longest_body:
                return self._too_large
        self.has_more = True
        return None

    @property
    def rest(self) -> bytes:
        """What was taken and belongs to the next request."""
        return self._http.trailing_data[0]

    def request(self, address: str) -> HttpRequest:
        """Return the request, as far as it is here."""
        if self._event is None:
            raise AssertionError("its head was taken")
        return HttpRequest(self._event.method.decode(), self._target, self._headers, bytes(self._body), address)

    def answer(self, answer: HttpAnswer, *, ends: bool = False) -> tuple[bytes, bytes]:
        """
        Return what is sent for an answer: its head, and its content.

        Args:
            answer: The answer; `("connection", "close")` among its headers ends the connection.
            ends: Whether the connection is closed after it.

        """
        is_head = self._event is not None and self._event.method == b"HEAD"
        body = b"" if is_head or answer.status in _WITHOUT_CONTENT else answer.body
        headers = [*_good_headers(answer)]
        length = _length(answer, is_head=is_head)
        if length is not None:
            headers.append(("Content-Length", str(length)))
        options = ["Upgrade"] if any(name.lower() == "upgrade" for name, _ in headers) else []
        if ends or first_value(answer.headers, "connection") == "close":
            options.append("close")
        if options:
            headers.append(("Connection", ", ".join(options)))
        response = h11.Response(
            status_code=answer.status,
            reason=_reason(answer.status),
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        )
        head = self._http.send(response)
        if body:
            self._http.send_with_data_passthrough(h11.Data(data=body))
        self._http.send(h11.EndOfMessage())
        return head, body

    @property
    def may_go_on(self) -> bool:
        """Whether another request may follow on the same connection, once this one is answered."""
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _refusal(self, method: bytes) -> Refusal | None:
        if method == b"CONNECT":
            return _NO_METHOD
        if not self._target.startswith("/") and (self._target, method) != ("*", b"OPTIONS"):
            return Refusal(http.HTTPStatus.BAD_REQUEST, "the request is not for a path, such as /products")
        length = int(first_value(self._headers, "content-length") or 0)
        return self._too_large if length > self._longest_body else None

    @property
    def _too_large(self) -> Refusal:
        text = f"the body of a request has at most {self._longest_body:,} bytes"
        return Refusal(http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)


def _in_origin_form(target: str, headers: list[tuple[str, str]]) -> tuple[str, Headers]:
    """Return path and query of what may be a whole address, whose host then counts (RFC 9112, 3.2.2)."""
    if not _ORIGIN_FORM.match(target):
        return target, tuple(headers)
    try:
        parts = urlsplit(target)
    except ValueError:
        return "", tuple(headers)
    start = target.index("//") + 2 + len(parts.netloc)
    path = target[start:]
    others = [(name, value) for name, value in headers if name != "host"]
    return path if path.startswith("/") else f"/{path}", (("host", parts.netloc), *others)


def _length(answer: HttpAnswer, *, is_head: bool) -> int | None:
    """Return what an answer says of its length; None if it says nothing."""
    if answer.status == http.HTTPStatus.NO_CONTENT:
        return None
    if not is_head and answer.status != http.HTTPStatus.NOT_MODIFIED:
        return len(answer.body)
    return answer.length if answer.length is not None else len(answer.body) or None


def _good_headers(answer: HttpAnswer) -> Iterator[tuple[str, str]]:
    """Yield the headers of an answer that may be sent."""
    for name, value in (("Content-Type", answer.content_type), ("Content-Encoding", answer.encoding)):
        if value and _VALUE.fullmatch(value):
            yield name, value
    has_date = False
    for name, value in answer.headers:
        lower = name.lower()
        if lower in _NOT_OURS_TO_SAY or lower.startswith(_CORS):
            continue
        if _NAME.fullmatch(name) and _VALUE.fullmatch(value):
            has_date |= lower == "date"
            yield name, value
    if not has_date:
        yield "Date", formatdate(usegmt=True)


def _reason(status: int) -> bytes:
    try:
        return http.HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""
