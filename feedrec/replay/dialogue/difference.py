"""
Two messages, and where they differ, for people: lines that fit a terminal, and not too many of them.

What was redacted in the recorded message is not shown of the client's either, nor is what counts as a secret there.
"""

from __future__ import annotations

import msgspec

from ...feeds.redaction import REDACTED, Redaction
from .difference_lines import (
    BEFORE,
    CUT,
    LONGEST_LINE,
    LONGEST_SHOWN,
    JsonLines,
    Line,
    bounded,
    compact,
    cut,
    first_difference,
    printable,
    without_hidden,
)
from .json_values import parse_json
from .matching import Matching
from .recorded import Message
from .stand_ins import StandIns

__all__ = ["LONGEST_SEARCHED", "Difference", "difference_of", "missing", "shown", "surplus"]

LONGEST_SEARCHED = 1 << 18
"""Bytes of a message of a client in which secrets are looked for, at about 1 MB/s; of a longer one nothing is shown."""

_BYTES, _BYTES_BEFORE = 10, 4  # of a binary message, likewise


class Difference(msgspec.Struct, frozen=True):
    """
    Where two messages differ.

    Attributes:
        expected: The recorded one, shortened.
        got: The client's, shortened.
        lines: Each begins with `- ` for what was expected, `+ ` for what was said, or two spaces.

    """

    expected: str = ""
    got: str = ""
    lines: tuple[str, ...] = ()


def difference_of(
    expected: Message, got: Message, matching: Matching, known: StandIns, redaction: Redaction
) -> Difference:
    """
    Return where a client's message differs from the recorded one.

    Args:
        expected: The recorded one.
        got: The client's.
        matching: How they were compared.
        known: What stands for recorded values.
        redaction: Knows what must not be shown of the client's.

    """
    safe = _safe(got, redaction)
    if max(len(expected.payload), len(got.payload)) > LONGEST_SEARCHED and not got.binary:
        one, other = map(_sized, (expected, got))
        return Difference(one, other, (f"- {one}", f"+ {other}"))
    recorded, said, seen = (None if one.binary else parse_json(one.payload) for one in (expected, got, safe))
    if recorded is None or said is None or seen is None:
        safe = _without_redacted(expected, safe)
        return Difference(shown(expected), shown(safe), tuple(bounded(_of_texts(expected, safe))))
    hidden = without_hidden(recorded.value, seen.value)
    lines = list(JsonLines(matching, known).of(recorded.value, said.value, hidden))
    if all(sign == " " for sign, _, _ in lines):  # the same JSON, in other bytes
        lines = _of_texts(expected, safe)
    return Difference(shown(expected), cut(compact(hidden), LONGEST_SHOWN), tuple(bounded(lines)))


def missing(expected: Message) -> Difference:
    """Return the difference of nothing from the message that was expected."""
    return Difference(shown(expected), "", tuple(bounded(_one_sided("-", expected))))


def surplus(got: Message, redaction: Redaction) -> Difference:
    """Return the difference of a message from nothing."""
    safe = _safe(got, redaction)
    return Difference("", shown(safe), tuple(bounded(_one_sided("+", safe))))


def shown(message: Message) -> str:
    """Return a message in one line, shortened."""
    if message.binary:
        return _around(message, 0)
    text = message.payload[: 4 * LONGEST_SHOWN].decode(errors="replace")
    return cut(printable(text), LONGEST_SHOWN)


def _safe(said: Message, redaction: Redaction) -> Message:
    """Return a client's message as it may be shown."""
    if len(said.payload) > LONGEST_SEARCHED:
        return said if said.binary else said._replace(payload=REDACTED.encode())
    return said._replace(payload=redaction.message(said.payload))


def _sized(message: Message) -> str:
    return f"{len(message.payload):,} bytes of {'binary data' if message.binary else 'text'}"


def _without_redacted(recorded: Message, said: Message) -> Message:
    """Return a text without what was redacted in the recorded one, which begins alike."""
    start = recorded.payload.find(REDACTED.encode())
    if start < 0 or recorded.payload[:start] != said.payload[:start]:
        return said
    return said._replace(payload=said.payload[:start] + REDACTED.encode())


def _one_sided(sign: str, message: Message) -> list[Line]:
    """Return the lines of a message that has nothing beside it: what it contains, one by one."""
    parsed = None if message.binary else parse_json(message.payload)
    if parsed is None or not isinstance(parsed.value, dict):
        return [(sign, 0, _around(message, 0))]
    inner = [(sign, 1, f"{compact(name)}: {compact(value)}") for name, value in parsed.value.items()]
    return [(sign, 0, "{"), *inner, (sign, 0, "}")]


def _of_texts(recorded: Message, said: Message) -> list[Line]:
    is_binary = recorded.binary and said.binary
    start = first_difference(recorded.payload, said.payload) - (_BYTES_BEFORE if is_binary else BEFORE)
    return [(sign, 0, _around(one, max(0, start))) for sign, one in (("-", recorded), ("+", said))]


def _around(message: Message, start: int) -> str:
    """Return what a message says from some byte on, shortened."""
    payload = message.payload
    if not message.binary:
        text = payload[start : start + 4 * LONGEST_LINE].decode(errors="replace")
        return (CUT if start else "") + printable(text)
    size = "1 byte" if len(payload) == 1 else f"{len(payload):,} bytes"
    place = f" from byte {start:,}" if start else ""
    more = f" {CUT}" if len(payload) > start + _BYTES else ""
    return f"binary, {size}{place}: {payload[start : start + _BYTES].hex(' ')}{more}"
