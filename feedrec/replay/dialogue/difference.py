"""
Two messages, and where they differ, for people: lines that fit a terminal, and not too many of them.

What was redacted in the recorded message is not shown of the client's either, nor is what counts as a secret there.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ...feeds.redaction import REDACTED, Redaction
from .json_values import kind_of, parse_json
from .matching import Matching
from .recorded import Message
from .stand_ins import StandIns

__all__ = ["LONGEST_LINE", "MOST_LINES", "Difference", "difference_of", "missing", "shown", "surplus"]

LONGEST_LINE = 78
"""Characters of a line."""

MOST_LINES = 40
"""Lines of a difference."""

LONGEST_SEARCHED = 1 << 18
"""Bytes of a message of a client in which secrets are looked for, at about 1 MB/s; of a longer one nothing is shown."""

_AROUND = 3  # lines without a difference that are shown beside one that has it
_DEEPEST = 24  # containers in containers that are looked into
_BEFORE = 12  # characters that are shown before the first that differs
_BYTES, _BYTES_BEFORE = 10, 4  # of a binary message, likewise
_LONGEST_SHOWN = 300  # characters of a message in one line
_CUT = "..."

Line = tuple[str, int, str]
"""The sign before it, how deep it is, and its text."""


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
        return Difference(shown(expected), shown(safe), tuple(_bounded(_of_texts(expected, safe))))
    hidden = _hidden(recorded.value, seen.value)
    lines = list(_JsonLines(matching, known).of(recorded.value, said.value, hidden))
    if all(sign == " " for sign, _, _ in lines):  # the same JSON, in other bytes
        lines = _of_texts(expected, safe)
    return Difference(shown(expected), _cut(_compact(hidden), _LONGEST_SHOWN), tuple(_bounded(lines)))


def missing(expected: Message) -> Difference:
    """Return the difference of nothing from the message that was expected."""
    return Difference(shown(expected), "", tuple(_bounded(_one_sided("-", expected))))


def surplus(got: Message, redaction: Redaction) -> Difference:
    """Return the difference of a message from nothing."""
    safe = _safe(got, redaction)
    return Difference("", shown(safe), tuple(_bounded(_one_sided("+", safe))))


def shown(message: Message) -> str:
    """Return a message in one line, shortened."""
    if message.binary:
        return _around(message, 0)
    text = message.payload[: 4 * _LONGEST_SHOWN].decode(errors="replace")
    return _cut(_printable(text), _LONGEST_SHOWN)


def _safe(said: Message, redaction: Redaction) -> Message:
    """Return a client's message as it may be shown."""
    if len(said.payload) > LONGEST_SEARCHED:
        return said if said.binary else said._replace(payload=REDACTED.encode())
    return said._replace(payload=redaction.message(said.payload))


def _sized(message: Message) -> str:
    return f"{len(message.payload):,} bytes of {'binary data' if message.binary else 'text'}"


class _JsonLines:
    """
    Lines of two values of JSON.

    Args:
        matching: How they are compared.
        known: What stands for recorded values.

    """

    def __init__(self, matching: Matching, known: StandIns) -> None:
        self._matching = matching
        self._known = known

    def of(
        self, recorded: Any, said: Any, seen: Any, depth: int = 0, label: str = "", key: str | None = None
    ) -> Iterator[Line]:
        """
        Yield the lines of two values.

        Args:
            recorded: The recorded one.
            said: The client's.
            seen: What may be shown of that.
            depth: How deep they are.
            label: What stands before them.
            key: Their key.

        """
        kind = kind_of(recorded)
        if self._matching.compare_values(recorded, said, self._known, key) is not None:
            yield " ", depth, label + _compact(seen)
        elif kind == kind_of(said) == kind_of(seen) and kind in {"object", "array"} and depth < _DEEPEST:
            opening, closing = "{}" if kind == "object" else "[]"
            yield " ", depth, label + opening
            yield from self._inner(_members(recorded), _members(said), _members(seen), depth + 1)
            yield " ", depth, closing
        else:
            one, other = _compact(recorded), _compact(seen)
            start = _first_difference(one, other) - _BEFORE
            if start > _BEFORE and isinstance(recorded, str) and isinstance(seen, str):
                one, other = _CUT + one[start:], _CUT + other[start:]
            yield "-", depth, label + one
            yield "+", depth, label + other

    def _inner(
        self, recorded: dict[Any, Any], said: dict[Any, Any], seen: dict[Any, Any], depth: int
    ) -> Iterator[Line]:
        for name, value in recorded.items():
            key = name if isinstance(name, str) else None
            label = "" if key is None else f"{_compact(key)}: "
            if name in said:
                yield from self.of(value, said[name], seen.get(name), depth, label, key)
            else:
                yield "-", depth, label + _compact(value)
        for name, value in seen.items():
            if name not in recorded:
                yield "+", depth, ("" if isinstance(name, int) else f"{_compact(name)}: ") + _compact(value)


def _members(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else dict(enumerate(value))


def _hidden(recorded: Any, seen: Any, depth: int = 0) -> Any:
    """Return a value without what was redacted in the recorded one."""
    if isinstance(recorded, str) and REDACTED in recorded:
        return REDACTED
    if depth > _DEEPEST:
        return seen
    if isinstance(recorded, dict) and isinstance(seen, dict):
        return {name: _hidden(recorded.get(name), value, depth + 1) for name, value in seen.items()}
    if isinstance(recorded, list) and isinstance(seen, list):
        pairs = itertools.zip_longest(recorded[: len(seen)], seen)
        return [_hidden(one, other, depth + 1) for one, other in pairs]
    return seen


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
    inner = [(sign, 1, f"{_compact(name)}: {_compact(value)}") for name, value in parsed.value.items()]
    return [(sign, 0, "{"), *inner, (sign, 0, "}")]


def _of_texts(recorded: Message, said: Message) -> list[Line]:
    is_binary = recorded.binary and said.binary
    start = _first_difference(recorded.payload, said.payload) - (_BYTES_BEFORE if is_binary else _BEFORE)
    return [(sign, 0, _around(one, max(0, start))) for sign, one in (("-", recorded), ("+", said))]


def _around(message: Message, start: int) -> str:
    """Return what a message says from some byte on, shortened."""
    payload = message.payload
    if not message.binary:
        text = payload[start : start + 4 * LONGEST_LINE].decode(errors="replace")
        return (_CUT if start else "") + _printable(text)
    size = "1 byte" if len(payload) == 1 else f"{len(payload):,} bytes"
    place = f" from byte {start:,}" if start else ""
    more = f" {_CUT}" if len(payload) > start + _BYTES else ""
    return f"binary, {size}{place}: {payload[start : start + _BYTES].hex(' ')}{more}"


def _first_difference(one: Sequence[Any], other: Sequence[Any]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _compact(value: Any, depth: int = 0) -> str:
    """Return a value as JSON, in one line."""
    kind = kind_of(value)
    if kind == "string":
        return _printable(json.dumps(value, ensure_ascii=False))
    if kind not in {"object", "array"}:
        return str(value) if kind == "number" else kind
    opening, closing = "{}" if kind == "object" else "[]"
    if depth > _DEEPEST:
        return f"{opening}{_CUT}{closing}"
    members = _members(value).items()
    inner = (
        f"{_compact(name)}: {_compact(one, depth + 1)}" if kind == "object" else _compact(one, depth + 1)
        for name, one in members
    )
    return f"{opening}{', '.join(inner)}{closing}"


def _bounded(lines: Sequence[Line]) -> Iterator[str]:
    """Yield lines without those that are far from a difference, and not too many of them."""
    places = [number for number, (sign, _, _) in enumerate(lines) if sign != " "]
    near = {place for number in places for place in range(number - _AROUND, number + _AROUND + 1)}
    kept: list[Line] = []
    for number, line in enumerate(lines):
        if number in near:
            kept.append(line)
        elif not kept or kept[-1][2] != _CUT:
            kept.append((" ", line[1], _CUT))
    for sign, depth, text in kept[:MOST_LINES]:
        yield _cut(f"{sign} {'  ' * depth}{text}", LONGEST_LINE)
    if len(kept) > MOST_LINES:
        yield f"  {_CUT} {len(kept) - MOST_LINES} more lines"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT


def _printable(text: str) -> str:
    """Return a text whose characters can be seen."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
