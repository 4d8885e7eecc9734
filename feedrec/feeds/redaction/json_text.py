"""JSON as it is written: where each value stands in the text, so that one can be replaced and all else stays."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

import msgspec

__all__ = ["Replacement", "Value", "is_json", "parse", "replaced"]

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s{}\[\],:"]+')

Step = str | int
Replacement = tuple[int, int, str]


class Value(msgspec.Struct):
    """
    A value in a JSON text.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        path: The keys and indices that lead to it from the top.
        key: Its key; None for an item of an array, and at the top.
        is_secret: For the one who walks over it.
        values: What it contains, if it is an object or an array; a repeated key has as many values.

    """

    start: int
    end: int = 0
    path: tuple[Step, ...] = ()
    key: str | None = None
    is_secret: bool = False
    values: list[Value] | None = None

    def in_text(self, text: str) -> str:
        """Return it as it is written."""
        return text[self.start : self.end]

    def string(self, text: str) -> str | None:
        """Return what it says if it is a string."""
        return str(json.loads(self.in_text(text))) if text.startswith('"', self.start) else None

    def walk(self) -> Iterator[Value]:
        """Yield it and all that it contains; of what was marked as secret by then, nothing that it contains."""
        waiting = [self]
        while waiting:
            value = waiting.pop()
            yield value
            if not value.is_secret:
                waiting.extend(value.values or ())


def is_json(text: str) -> bool:
    """Return whether a text is JSON, and does not nest too deep to tell."""
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def parse(text: str) -> Value | None:
    """Return the one value that a text is; None if it is not JSON, or nests too deep to tell."""
    if not is_json(text):
        return None
    top = Value(0)
    stack = [top]
    top.values = []
    key: str | None = None
    for token in _TOKEN.finditer(text):
        first, around = token[0][0], stack[-1]
        if first in "}]":
            around.end = token.end()
            stack.pop()
            continue
        is_in_object = around is not top and text[around.start] == "{"
        if is_in_object and key is None:
            key = json.loads(token[0])
            continue
        assert around.values is not None  # noqa: S101  for mypy
        step = () if around is top else (len(around.values) if key is None else key,)
        value = Value(token.start(), token.end(), (*around.path, *step), key)
        around.values.append(value)
        key = None
        if first in "{[":
            value.values = []
            stack.append(value)
    return top.values[0]


def replaced(text: str, replacements: Iterable[Replacement]) -> str:
    """Return a text in which each of some parts, none within another, is replaced."""
    pieces, last = [], 0
    for start, end, new in sorted(replacements):
        pieces += [text[last:start], new]
        last = end
    return "".join([*pieces, text[last:]])
