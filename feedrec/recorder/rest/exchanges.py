"""
A request and its answer as they are recorded, whoever asked: without secrets, and without what is about one connection.

Of the request, the recording has method, address, and what was sent with its type, in which secrets are replaced as in
the messages of a WebSocket; none of its headers. Of the answer it has status, type, headers that clients may need, and
the body as it arrived, decompressed; in that, only what the request itself sent as a secret is replaced.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from ...feeds.redaction import REDACTED, Address, Redaction
from ...feeds.redaction.addresses import secrets_of_address
from ...http_messages import Headers, HttpAnswer, HttpExchange, HttpRequest, first_value
from ..sent_messages import as_recorded
from .decompression import decompressed
from .end_to_end import TOLD_OTHERWISE, passed_on

__all__ = ["MAX_BODY", "kept_headers", "learn_from", "recorded_exchange"]

MAX_BODY = 64 << 20
"""Bytes that a body may have, sent or unpacked: as many as a message of a WebSocket may have."""

_SHORTEST_ECHO = 8
"""Fewest characters of a secret that is looked for in the answer: a shorter one may stand there by chance."""

_LONG = 16
"""The same of a part of a header, such as a cookie: others are words, `BTC-USDC` perhaps."""

_PARTS = re.compile(r"[\s;,=]+")

_OF_SERVERS = frozenset(
    {
        *("accept-ranges", "age", "alt-svc", "date", "expect-ct", "nel", "permissions-policy", "priority"),
        *("referrer-policy", "report-to", "reporting-endpoints", "server", "server-timing"),
        *("strict-transport-security", "timing-allow-origin", "vary", "via", "x-powered-by", "x-xss-protection"),
    }
)
"""Headers of the machines on the way, and of browsers: no client of a venue asks for them."""

_BEGINNINGS = (
    *("access-control-", "cf-", "content-security-policy", "cross-origin-", "set-cookie", "x-amz-", "x-cache"),
    *("x-content-type-", "x-frame-"),
)
"""The same, by how they begin."""


def recorded_exchange(
    request: HttpRequest, url: Address, answer: HttpAnswer, started: int, time: int
) -> HttpExchange | None:
    """
    Return a request and its answer as they are recorded; None if the answer cannot be unpacked.

    Args:
        request: As it was sent.
        url: The whole address that was asked, and what must not be recorded.
        answer: As it was sent: all its headers, and the body compressed as it was.
        started: Wall-clock time in nanoseconds at which the request was sent.
        time: The same at which the answer had come.

    """
    redaction = url.redaction
    coding = first_value(answer.headers, "content-encoding") or ""
    unpacked = decompressed(answer.body, coding, MAX_BODY)
    if unpacked is None:
        return None
    shown = _without_echoes(unpacked, _secrets_of(request, url))
    headers = tuple((name, redaction.text(value)) for name, value in kept_headers(answer.headers, redaction))
    said, sent = _sent(request, redaction)
    return HttpExchange(
        time,
        started,
        request.method,
        url.shown,
        HttpAnswer(answer.status, shown, redaction.text(answer.content_type), headers),
        redaction.text(first_value(request.headers, "content-type") or ""),
        sent,
        redacted=shown != unpacked or sent != said or (REDACTED in url.shown and REDACTED not in url),
    )


def kept_headers(headers: Iterable[tuple[str, str]], redaction: Redaction) -> Headers:
    """Return the headers of an answer that are recorded: none that is secret, and none that no client needs."""
    return tuple(
        (name, value)
        for name, value in passed_on(headers)
        if name not in TOLD_OTHERWISE
        and name not in _OF_SERVERS
        and not name.startswith(_BEGINNINGS)
        and not redaction.is_secret(name)
    )


def learn_from(request: HttpRequest, url: Address) -> None:
    """Keep the secrets of a request out of the log and of errors; each may have a token of its own, so not for good."""
    url.redaction.learn_from(url, dict(request.headers), for_good=False)


def _secrets_of(request: HttpRequest, url: Address) -> list[str]:
    """Return what is secret in the address and the headers of a request, the longest first."""
    is_secret = url.redaction.is_secret
    found = secrets_of_address(url, is_secret) | {_basic(url)}
    for name, value in request.headers:
        if is_secret(name):
            found |= {value, *(part for part in _PARTS.split(value) if len(part) >= _LONG)}
    return sorted((one for one in found if len(one) >= _SHORTEST_ECHO), key=len, reverse=True)


def _basic(url: str) -> str:
    """Return what the client sends for the user and password of an address (RFC 7617, 2); empty if it has none."""
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    name, _, password = user.partition(":")
    return base64.b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode() if at else ""


def _without_echoes(body: bytes, secrets: Iterable[str]) -> bytes:
    for secret in secrets:
        body = body.replace(secret.encode("latin-1", "replace"), REDACTED.encode())
    return body


def _sent(request: HttpRequest, redaction: Redaction) -> tuple[bytes, bytes]:
    """Return what a request sent, unpacked, and that without its secrets."""
    coding = first_value(request.headers, "content-encoding") or ""
    said = decompressed(request.body, coding, MAX_BODY)
    if said is None:  # there may be secrets in it
        return request.body, REDACTED.encode()
    return said, as_recorded(said, redaction) if said else b""
