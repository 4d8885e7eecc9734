"""
HTTP requests and answers, as everything that records, serves or passes them on sees them.

Whoever reads and writes them on a socket is another matter: see `front`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

import msgspec

__all__ = [
    "FIELD_VALUE",
    "JSON",
    "OF_CONNECTION",
    "RECORDED_ENDPOINT",
    "RECORDED_URL",
    "RECORDER",
    "TEXT",
    "TOKEN",
    "Headers",
    "HttpAnswer",
    "HttpExchange",
    "HttpRequest",
    "first_value",
    "sentence",
    "target_of",
]

JSON = "application/json; charset=utf-8"
"""The content type of JSON, as the venues of Coinbase write it."""

TEXT = "text/plain; charset=utf-8"
"""The content type of sentences."""

OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "trailer", "transfer-encoding", "upgrade"},
)
"""Names of headers of one connection only (RFC 9110, 7.6.1)."""

RECORDER = "recorder"
"""Who asked if no application did; see `HttpExchange.by`."""

RECORDED_ENDPOINT, RECORDED_URL = "x-feedrec-endpoint", "x-feedrec-url"
"""Headers of requests in captures that feedrec writes: the endpoint of the recording, and the address asked for."""

TOKEN = re.compile(r"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""What a method or the name of a header may be (RFC 9110, 5.6.2)."""

FIELD_VALUE = re.compile(r"\A(?:[!-~\x80-\xff]+(?:[ \t]+[!-~\x80-\xff]+)*)?\Z")
"""What the value of a header may be (RFC 9110, 5.5), in Latin-1."""

Headers = tuple[tuple[str, str], ...]
"""Names in lower case, and values, in the order in which they came; a name may occur several times."""


class HttpRequest(msgspec.Struct, frozen=True):
    """
    A request, whole.

    Attributes:
        method: In capitals, such as `GET`.
        target: Path and query, as they were sent.
        headers: Its headers.
        body: Its content, decoded from chunks; not decompressed.
        address: Where it came from, such as `127.0.0.1:40112`; empty if that is unknown.

    """

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    address: str = ""

    @property
    def path(self) -> str:
        """The path, as it was sent, without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters, decoded, in their order."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True, max_num_fields=None)

    @property
    def host(self) -> str:
        """The host that it is for, in lower case, without a port; empty if it does not say."""
        text = first_value(self.headers, "host") or ""
        try:
            return urlsplit(f"//{text}").hostname or ""
        except ValueError:
            return ""

    def parameter(self, name: str) -> str | None:
        """Return the value of a parameter, the last one if there are several; None if there is none."""
        return dict(self.query).get(name)


class HttpAnswer(msgspec.Struct, frozen=True):
    """
    An answer, whole.

    Attributes:
        status: Its status, such as 200.
        body: Its content.
        content_type: What that is; empty if there is none.
        headers: Further headers; not those that say how the content is sent (its length, its encoding, the connection).
        encoding: How `body` is compressed, as Content-Encoding says it; empty if it is not, as nearly always.
        length: That of what a GET would get, in an answer to HEAD that a proxy passes on; None for that of `body`.

    """

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Headers = ()
    encoding: str = ""
    length: int | None = None


class HttpExchange(msgspec.Struct, frozen=True):
    """
    A request and its answer, as they are recorded; secrets were replaced by `[redacted]`.

    Attributes:
        time: Wall-clock time in nanoseconds at which the answer had come, whole.
        started: Wall-clock time in nanoseconds at which the request was sent.
        method: Its method, in capitals.
        url: The whole address that was asked, such as `https://api.coinbase.com/api/v3/brokerage/time`.
        answer: What came back, decompressed; without cookies, and without what is about the connection only.
        sent_type: The content type of what the request sent; empty if it sent nothing.
        sent: What the request sent.
        redacted: Whether anything of it was replaced.
        by: Who asked: `RECORDER` if feedrec did for the recording's sake; empty for a client.

    """

    time: int
    started: int
    method: str
    url: str
    answer: HttpAnswer
    sent_type: str = ""
    sent: bytes = b""
    redacted: bool = False
    by: str = ""

    @property
    def target(self) -> str:
        """Path and query that were asked for, as they were sent; `/` if the address is none."""
        try:
            return target_of(self.url)
        except ValueError:
            return "/"

    @property
    def request(self) -> HttpRequest:
        """The request, as far as it is recorded."""
        headers = (("content-type", self.sent_type),) if self.sent_type else ()
        return HttpRequest(self.method, self.target, headers, self.sent)

    @property
    def answer_to_send(self) -> HttpAnswer:
        """The answer as it goes out again: it says how it is compressed if it could not be unpacked."""
        encoding = first_value(self.answer.headers, "content-encoding")
        return self.answer if encoding is None else msgspec.structs.replace(self.answer, encoding=encoding)


def first_value(headers: Iterable[tuple[str, str]], name: str) -> str | None:
    """Return the value of the first header of a name, which is in lower case; None if there is none."""
    return next((value for key, value in headers if key == name), None)


def target_of(url: str) -> str:
    """
    Return path and query of an address, as they are sent to its server.

    Raises:
        ValueError: If it is no address.

    """
    parts = urlsplit(url)
    return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def sentence(status: int, text: str, headers: Headers = ()) -> HttpAnswer:
    """Return an answer that is one line of text, for people."""
    return HttpAnswer(status, f"{text}\n".encode(), TEXT, headers)
