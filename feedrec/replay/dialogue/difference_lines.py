"""Lines that show where two values differ: they fit a terminal, and there are not too many of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from ...feeds.redaction import REDACTED
from .json_values import kind_of
from .matching import Matching
from .stand_ins import StandIns

__all__ = [
    "BEFORE",
    "CUT",
    "LONGEST_LINE",
    "LONGEST_SHOWN",
    "MOST_LINES",
    "JsonLines",
    "Line",
    "bounded",
    "compact",
    "cut",
    "first_difference",
    "printable",
    "without_hidden",
]

LONGEST_LINE = 78
"""Characters of a line."""

MOST_LINES = 40
"""Lines of a difference."""

LONGEST_SHOWN = 300
"""Characters of a message in one line."""

BEFORE = 12
"""Characters that are shown before the first that differs."""

CUT = "..."
"""Stands for what is not shown."""

_AROUND = 3  # lines without a difference that are shown beside one that has it
_DEEPEST = 24  # containers in containers that are looked into

Line = tuple[str, int, str]
"""The sign before it, how deep it is, and its text."""


class JsonLines:
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
            yield " ", depth, label + compact(seen)
        elif kind == kind_of(said) == kind_of(seen) and kind in {"object", "array"} and depth < _DEEPEST:
            opening, closing = "{}" if kind == "object" else "[]"
            yield " ", depth, label + opening
            yield from self._inner(_members(recorded), _members(said), _members(seen), depth + 1)
            yield " ", depth, closing
        else:
            one, other = compact(recorded), compact(seen)
            start = first_difference(one, other) - BEFORE
            if start > BEFORE and isinstance(recorded, str) and isinstance(seen, str):
                one, other = CUT + one[start:], CUT + other[start:]
            yield "-", depth, label + one
            yield "+", depth, label + other

    def _inner(
        self, recorded: dict[Any, Any], said: dict[Any, Any], seen: dict[Any, Any], depth: int
    ) -> Iterator[Line]:
        for name, value in recorded.items():
            key = name if isinstance(name, str) else None
            label = "" if key is None else f"{compact(key)}: "
            if name in said:
                yield from self.of(value, said[name], seen.get(name), depth, label, key)
            else:
                yield "-", depth, label + compact(value)
        for name, value in seen.items():
            if name not in recorded:
                yield "+", depth, ("" if isinstance(name, int) else f"{compact(name)}: ") + compact(value)


def without_hidden(recorded: Any, seen: Any, depth: int = 0) -> Any:
    """Return a value without what was redacted in the recorded one."""
    if isinstance(recorded, str) and REDACTED in recorded:
        return REDACTED
    if depth > _DEEPEST:
        return seen
    if isinstance(recorded, dict) and isinstance(seen, dict):
        return {name: without_hidden(recorded.get(name), value, depth + 1) for name, value in seen.items()}
    if isinstance(recorded, list) and isinstance(seen, list):
        pairs = itertools.zip_longest(recorded[: len(seen)], seen)
        return [without_hidden(one, other, depth + 1) for one, other in pairs]
    return seen


def _members(value: Any) -> dict[Any, Any]:
    return value if isinstance(value, dict) else dict(enumerate(value))


def first_difference(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return the first place at which two sequences differ."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def compact(value: Any, depth: int = 0) -> str:
    """Return a value as JSON, in one line."""
    kind = kind_of(value)
    if kind == "string":
        return printable(json.dumps(value, ensure_ascii=False))
    if kind not in {"object", "array"}:
        return str(value) if kind == "number" else kind
    opening, closing = "{}" if kind == "object" else "[]"
    if depth > _DEEPEST:
        return f"{opening}{CUT}{closing}"
    members = _members(value).items()
    inner = (
        f"{compact(name)}: {compact(one, depth + 1)}" if kind == "object" else compact(one, depth + 1)
        for name, one in members
    )
    return f"{opening}{', '.join(inner)}{closing}"


def bounded(lines: Sequence[Line]) -> Iterator[str]:
    """Yield lines without those that are far from a difference, and not too many of them."""
    places = [number for number, (sign, _, _) in enumerate(lines) if sign != " "]
    near = {place for number in places for place in range(number - _AROUND, number + _AROUND + 1)}
    kept: list[Line] = []
    for number, line in enumerate(lines):
        if number in near:
            kept.append(line)
        elif not kept or kept[-1][2] != CUT:
            kept.append((" ", line[1], CUT))
    for sign, depth, text in kept[:MOST_LINES]:
        yield cut(f"{sign} {'  ' * depth}{text}", LONGEST_LINE)
    if len(kept) > MOST_LINES:
        yield f"  {CUT} {len(kept) - MOST_LINES} more lines"


def cut(text: str, longest: int) -> str:
    """Return a text, shortened if it has more than so many characters."""
    return text if len(text) <= longest else text[: longest - len(CUT)] + CUT


def printable(text: str) -> str:
    """Return a text whose characters can be seen."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
