"""What the report of a failed test shows of its feeds: who was connected, and what was said last."""

from __future__ import annotations

from collections.abc import Sequence

from ...feeds.redaction import Redaction
from ...model import format_time
from ..messages import Received, ReceivedRequest, SentMessage
from ..observed_feed import ObservedFeed

__all__ = ["describe"]

_MOST_MESSAGES = 10
_MOST_CLIENTS = 10
_LONGEST = 160
"""Characters of a message."""
_LONGEST_SEARCHED = 1 << 16
"""Bytes of a message in which secrets are looked for; a longer one is not shown."""


def describe(name: str, feed: ObservedFeed, failure: str | None = None) -> tuple[str, str]:
    """
    Return title and text of a section of the report.

    Secrets in what clients said are redacted, by the rule of recordings, and no control character is left.

    Args:
        name: What is replayed.
        feed: The feed, started.
        failure: Why it failed, if it did.

    """
    clients = feed.clients
    lines = [] if failure is None else [_printable(line) for line in failure.splitlines()]
    if len(clients) > _MOST_CLIENTS:
        lines.append(f"{len(clients) - _MOST_CLIENTS:,} earlier clients")
    lines += [_printable(str(client)) for client in clients[-_MOST_CLIENTS:]] or ["no client has connected"]
    redaction = Redaction()
    lines += _last("what clients said", feed.received, redaction)
    lines += _last("what they were sent", feed.sent, None)
    return f"feedrec: {_printable(name)} at {feed.url}", "\n".join(lines)


def _last(title: str, messages: Sequence[Received | SentMessage], redaction: Redaction | None) -> list[str]:
    """Return the last of some messages and requests, a line each."""
    if not messages:
        return []
    shown = messages[-_MOST_MESSAGES:]
    count = f"the last {len(shown)} of {len(messages):,}" if len(shown) < len(messages) else f"{len(messages)}"
    return [f"{title} ({count}):", *(_line(message, redaction) for message in shown)]


def _line(message: Received | SentMessage, redaction: Redaction | None) -> str:
    time = "" if message.time is None else f"{format_time(message.time)[11:23]} "
    if isinstance(message, ReceivedRequest):
        body = f" {_payload(message, redaction)}" if message.payload else ""
        return f"  {time}{_asked(message, redaction or Redaction())}{body}"
    return f"  {time}client {message.client}: {_payload(message, redaction)}"


def _asked(request: ReceivedRequest, redaction: Redaction) -> str:
    """Return what was asked, and how it was answered."""
    target = redaction.target(request.request.target)
    return _printable(f"{request.method} {target[:_LONGEST]}{' ...' * (len(target) > _LONGEST)}: {request.status}")


def _payload(message: Received | SentMessage, redaction: Redaction | None) -> str:
    payload = message.payload
    if message.binary:
        text = payload[: _LONGEST // 4].hex(" ")
        is_cut = len(payload) > _LONGEST // 4
    elif redaction is not None and len(payload) > _LONGEST_SEARCHED:
        text, is_cut = "", True
    else:
        text = (payload if redaction is None else redaction.message(payload)).decode(errors="replace")
        is_cut = len(text) > _LONGEST
        text = text[:_LONGEST]
    size = f" ... ({len(payload):,} bytes)" if is_cut else ""
    return f"{_printable(text)}{size}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
