"""How a store of objects fails: each is a `Fault` of an `ObjectServer`, and `Misfortune` is all of them at random."""

from __future__ import annotations

import io
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .object_server import App, Fault

__all__ = ["FAULTS", "Misfortune", "away", "cut", "late_refusal", "lost_answer", "refusal", "slow", "torn_request"]

_ERROR = b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%b</Code><Message>Try again.</Message></Error>'
_SECONDS = 0.5


def refusal(_: App, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer 503, and do nothing."""
    _body(environment)
    return _answer(start, "503 Slow Down", b"SlowDown")


def late_refusal(app: App, environment: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Do what was asked, and answer that it failed."""
    _whole(app, environment)
    return _answer(start, "500 Internal Server Error", b"InternalError")


def slow(app: App, environment: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
    """Answer after a while, and in pieces with a while between them."""
    status, headers, body = _whole(app, environment)
    time.sleep(_SECONDS)
    start(status, headers)
    yield body[: len(body) // 2]
    time.sleep(_SECONDS)
    yield body[len(body) // 2 :]


def cut(app: App, environment: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
    """Do what was asked, and hang up in the middle of the answer; before it where that has no body."""
    status, headers, body = _whole(app, environment)
    if body and environment["REQUEST_METHOD"] != "HEAD":
        start(status, headers)
        yield body[: len(body) // 2]
    raise ConnectionAbortedError


def lost_answer(app: App, environment: dict[str, Any], _: Callable[..., Any]) -> Iterable[bytes]:
    """Do what was asked, and reset the connection."""
    _whole(app, environment)
    raise ConnectionResetError


def torn_request(app: App, environment: dict[str, Any], _: Callable[..., Any]) -> Iterable[bytes]:
    """Let the store have half of what is sent with the request, and reset the connection."""
    body = _body(environment)
    if body:
        environment["wsgi.input"] = io.BytesIO(body[: len(body) // 2])
        _whole(app, environment)
    raise ConnectionResetError


def away(_app: App, environment: dict[str, Any], _start: Callable[..., Any]) -> Iterable[bytes]:
    """Reset the connection: nobody is there."""
    environment["werkzeug.socket"].shutdown(socket.SHUT_RD)  # what else is sent is not waited for
    raise ConnectionResetError


FAULTS: tuple[Fault, ...] = (refusal, late_refusal, slow, cut, lost_answer, torn_request, away)


class Misfortune:
    """
    Chooses what goes wrong, at random; it is the `fault` of an `ObjectServer`.

    Args:
        chance: What it draws from.
        share: Of how many requests each something goes wrong, from 0 to 1.

    Attributes:
        share: The same; it may be set.
        is_away: Whether nobody answers at all.
        counts: How often each went wrong, by its name.

    """

    def __init__(self, chance: random.Random, share: float) -> None:
        self.share = share
        self.is_away = False
        self.counts = Counter[str]()
        self._chance = chance
        self._drawing = threading.Lock()

    def __call__(self, _: dict[str, Any]) -> Fault | None:
        """Return what goes wrong with the next request."""
        with self._drawing:
            fault = self._chance.choice(FAULTS) if self._chance.random() < self.share else None
            if self.is_away:
                fault = away
            if fault is not None:
                self.counts[fault.__name__] += 1
            return fault


def _body(environment: dict[str, Any]) -> bytes:
    body: bytes = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
    return body


def _whole(app: App, environment: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return what the store answers, which it has not begun to."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(app(environment, lambda status, headers, _=None: begun.append((status, headers))))
    return *begun[-1], body


def _answer(start: Callable[..., Any], status: str, code: bytes) -> Iterable[bytes]:
    body = _ERROR % code
    start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
