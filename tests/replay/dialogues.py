"""Recordings of both sides of a conversation, and servers that play them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Direction, Event, Frame, Header
from feedrec.replay import ReplayOptions, ReplayServer

from ..timing import HANG_TIMEOUT
from .recordings import START

__all__ = ["MILLISECOND", "Asked", "Line", "closed", "record_dialogue", "serving"]

MILLISECOND = 1_000_000


class Asked(NamedTuple):
    """A request, and the answer to it."""

    method: str
    target: str
    answer: str = "{}"
    sent: str = ""
    status: int = 200

    def event(self, time: int) -> Event:
        """Return its event; it was sent half a millisecond earlier."""
        sent_type = "application/json" if self.sent else ""
        answer = HttpAnswer(self.status, self.answer.encode())
        times = time, time - MILLISECOND // 2
        url = f"https://shop.example.com{self.target}"
        return http_event(HttpExchange(*times, self.method, url, answer, sent_type, self.sent.encode()))


Line = str | bytes | dict[str, Any] | Asked


def closed(by: str, code: int = 1000, reason: str = "") -> dict[str, Any]:
    """Make the details of a close."""
    return {"code": code, "reason": reason, "by": by}


def record_dialogue(path: Path, *connections: Sequence[Line], spacing: int = MILLISECOND, **opened: Any) -> Path:
    """
    Write a recording of connections, one after the other.

    Args:
        path: Where to.
        connections: The lines of each: `> ...` is what the client said, `< ...` what it heard, in bytes if binary; the
            details of a close; requests, which are of no connection.
        spacing: Nanoseconds from one line to the next.
        opened: Details of each opening.

    """
    writer = create_recording(path, Header("raw", created=START))
    time = START
    for conn, lines in enumerate(connections):
        writer.write_line(encode_event(Event(time, conn, "open", opened)))
        for line in lines:
            if isinstance(line, Asked):
                writer.write_line(encode_event(line.event(time)))
            elif isinstance(line, dict):
                writer.write_line(encode_event(Event(time, conn, "close", line)))
            else:
                payload = line if isinstance(line, bytes) else line.encode()
                side: Direction = "out" if payload[:1] == b">" else "in"
                binary = isinstance(line, bytes)
                writer.write_line(encode_frame(Frame(time, conn, payload[2:], direction=side, binary=binary)))
            time += spacing
    return writer.finish()


def serving(path: Path | Sequence[Path], speed: float = math.inf, **options: Any) -> ReplayServer:
    """Make a server that plays dialogues, as fast as clients go unless told otherwise."""
    results = options.pop("results", None)
    chosen = ReplayOptions(port=0, speed=speed, mode="dialogue", **{"match_timeout": HANG_TIMEOUT, **options})
    return ReplayServer(path, chosen, on_client_end=(lambda _: None) if results is None else results.append)
