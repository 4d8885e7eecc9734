"""
The client's values in place of recorded ones.

A client makes ids of its own in each run, and drops an answer that names another's. So where a recorded message and the
client's differ in a value that is ignored, what is recorded later has the client's value in its place:

1. A string or number stands for another one under the same key, wherever that key is.
2. One that has at least `TELLING` characters does so anywhere: as a whole value, be it a string or a number.
3. Of a value that was redacted nothing is known. The first value that is recorded later under the same key is taken
   for it.

What was said last about a recorded value counts. Only the bytes of these values change; all else stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from .json_values import Scalar, is_scalar, parse_json

__all__ = ["TELLING", "Pair", "StandIns", "telling"]

TELLING = 8
"""Characters of a value that occurs nowhere else by chance."""

_FEW = 16  # texts that are looked for one by one

_TOKEN = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:\s*)?|-?\d[\d.eE+-]*', re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)

Piece = tuple[int, int, str]
"""Where something is to stand, and what."""


class Pair(NamedTuple):
    """
    A value that was ignored.

    Attributes:
        key: Its key; None if it has none.
        recorded: What it was; None if that was redacted.
        said: What the client has in its place.

    """

    key: str | None
    recorded: Scalar | None
    said: Scalar


def telling(pairs: Iterable[Pair]) -> list[Pair]:
    """Return those by which a recorded value is known wherever it is: on another connection, or in a request."""
    return [pair for pair in pairs if pair.recorded is not None and len(str(pair.recorded)) >= TELLING]


class StandIns:
    """What stands for recorded values, as of some place in a conversation."""

    def __init__(self) -> None:
        self._under: dict[tuple[str | None, str], Pair] = {}
        self._anywhere: dict[str, Pair] = {}
        self._unknown: dict[str | None, Pair] = {}
        self._keys: set[str] = set()  # as they are written

    @property
    def is_empty(self) -> bool:
        """Whether there are none."""
        return not (self._under or self._unknown)

    def learn(self, pairs: Iterable[Pair]) -> None:
        """Take note of values that were ignored."""
        for pair in pairs:
            if pair.key is not None:
                self._keys.add(f'"{pair.key}"')
            if pair.recorded is None:
                self._unknown[pair.key] = pair
                continue
            text = str(pair.recorded)
            self._unknown.pop(pair.key, None)
            self._under[pair.key, text] = pair
            if len(text) >= TELLING:
                self._anywhere[text] = pair

    def stands_for(self, recorded: Any, said: Any, key: str | None) -> bool:
        """Return whether a value stands for a recorded one under a key."""
        if not (is_scalar(recorded) and is_scalar(said)):
            return False
        pair = self._pair(str(recorded), key)
        return pair is not None and str(pair.said) == str(said)

    def applied_to(self, payload: bytes) -> tuple[bytes, list[Pair]]:
        """
        Return a recorded message with the client's values in place of recorded ones.

        Returns:
            The message, and the pairs of redacted values that became known by it: they are to be learnt.

        """
        if self.is_empty:
            return payload, []
        try:
            text = payload.decode()
            if not self._may_be_in(text):
                return payload, []
            pieces, found = self._pieces(text)
        except (ValueError, ArithmeticError):
            return payload, []
        if (not pieces and not found) or parse_json(payload) is None:
            return payload, []
        return _with_pieces(text, pieces).encode(), found

    def _may_be_in(self, text: str) -> bool:
        """Return whether a text may have one of the values: a look that costs little as long as they are few."""
        if "\\" in text or len(self._keys) + len(self._anywhere) > _FEW:
            return True
        return any(key in text for key in self._keys) or any(value in text for value in self._anywhere)

    def _pieces(self, text: str) -> tuple[list[Piece], list[Pair]]:
        """Return what is to stand where, and the pairs that became known."""
        pieces: list[Piece] = []
        found: dict[str, Pair] = {}
        key, key_end = None, -1
        for token in _TOKEN.finditer(text):
            string, colon = token.groups()
            value: str = token[0] if string is None else _content(string)
            if colon is not None:
                key, key_end = value, token.end()
                continue
            own_key = key if token.start() == key_end else None
            if own_key is not None and own_key in self._unknown and own_key not in found:
                recorded = value if string is not None else _number(value)
                found[own_key] = self._unknown[own_key]._replace(recorded=recorded)
            pair = found.get(own_key or "")
            if pair is None or str(pair.recorded) != value:
                pair = self._pair(value, own_key)
            if pair is not None and (written := _written(pair, is_string=string is not None)) != token[0]:
                pieces.append((*token.span(), written))
        return pieces, list(found.values())

    def _pair(self, text: str, key: str | None) -> Pair | None:
        return self._under.get((key, text)) or self._anywhere.get(text)


def _content(string: str) -> str:
    return str(json.loads(string)) if "\\" in string else string[1:-1]


def _number(text: str) -> Scalar:
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


def _written(pair: Pair, *, is_string: bool) -> str:
    """Return the client's value as it is to be written in place of a string or a number."""
    said = pair.said
    was_string = isinstance(pair.recorded, str)
    if was_string and not is_string and _NUMBER.fullmatch(str(said)):
        return str(said)
    if isinstance(said, str) or (is_string and not was_string):
        return json.dumps(str(said))
    return str(said)


def _with_pieces(text: str, pieces: Iterable[Piece]) -> str:
    parts, last = [], 0
    for start, end, written in pieces:
        parts += [text[last:start], written]
        last = end
    return "".join([*parts, text[last:]])
