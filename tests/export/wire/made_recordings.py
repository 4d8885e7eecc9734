"""Recordings with all that an export of connections must carry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.http_events import http_event
from feedrec.formats.several.inputs import Input, inspect_recording
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record

__all__ = ["ALL", "EXCHANGES", "HEADER", "LARGE", "START", "event", "frames_of", "inputs_of", "write"]

START = 1_795_280_400 * NANOSECONDS + 123_456_789
HEADER = Header("raw", url="wss://venue.test:8443/feed?key=[redacted]", created=START, software="feedrec 0.1.0")

SIZES = [0, 1, 125, 126, 65_487, 65_491, 65_492, 65_535, 65_536, 300_000]
"""Bytes of messages: with their heads, masked or not, some just fill a segment, and some do not."""
LARGE = 5_000_000
"""Bytes of the largest message, as large as a snapshot of a venue."""


def event(after: int, conn: int | None, name: str, **details: Any) -> Event:
    return Event(START + after, conn, name, details)


def _text(size: int) -> bytes:
    """Give JSON of so many bytes, as far as there is any."""
    return b'"%b"' % (b"ab " * size)[: size - 2] if size > 1 else b"7"[:size]


def _conversation() -> Iterable[Record]:
    """Yield what two connections say at the same time, one of them over IPv6."""
    yield event(0, 0, "clock", wall=START, monotonic=1)
    yield event(0, 0, "open", url=HEADER.url, address="203.0.113.7:443", headers={"User-Agent": "bot/1.0"})
    yield Frame(START + 1, 0, b'{"subscribe":"[redacted]"}', "out", redacted=True)
    yield event(2, 1, "open", url="ws://[2001:db8::9]:9000/a b\r\nX: y", address="[2001:db8::9]:9000", subprotocol="v1")
    after = 3
    for size in SIZES:
        for binary in (False, True):
            for conn, direction in ((0, "in"), (1, "out"), (1, "in")):
                payload = (b"\xff\x00\x7f" * size)[:size] if binary else _text(size)
                yield Frame(START + after, conn, payload, direction, binary)  # type: ignore[arg-type]
                after += 1
    yield event(after, 0, "gap", expected=7, received=9, missing=2)
    yield Frame(START + after, 0, b'{"large":"' + b"x" * LARGE + b'"}')
    yield Frame(START + after + 1, 1, b"not \xff utf-8")
    yield http_event(EXCHANGES[0])
    yield Frame(START + after + 2, 0, b"{}", synthetic=True)
    yield event(after + 3, 0, "close", code=4001, reason="b\xf6se\r\n" + "r" * 200)
    yield event(after + 4, 1, "close", code=1006, reason="")
    yield event(after + 5, 2, "silence", seconds=9.5)
    yield Frame(START + after + 6, 2, "ü".encode(), "out")
    yield http_event(EXCHANGES[1])
    yield event(after + 7, 1, "failover", **{"from": "raw", "to": "\x1b[2J\u202e"})


EXCHANGES = [
    HttpExchange(
        START + 900,
        START + 100,
        "POST",
        "https://rest.test/orders?a=b c",
        HttpAnswer(201, b'{"id":1}' * 10_000, headers=(("cb-after", "7"),)),
        "application/json",
        b'{"side":"BUY"}',
    ),
    HttpExchange(START + 1_000, START + 950, "GET", "https://rest.test/", HttpAnswer(204, b"", "")),
]

ALL = list(_conversation())


def write(path: Path, records: Sequence[Record] = ALL, header: Header = HEADER) -> Path:
    """Write a recording, and return its path."""
    with create_recording(path, header) as recording:
        for record in records:
            recording.write(record)
    return path


def inputs_of(*paths: Path) -> list[Input]:
    return [inspect_recording(partial(open_recording, path)) for path in paths]


def frames_of(records: Sequence[Record], conn: int | None = None) -> list[Frame]:
    """Give the frames among records; of one connection, if that is said."""
    return [one for one in records if isinstance(one, Frame) and conn in (None, one.conn)]
