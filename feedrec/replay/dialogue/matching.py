"""Whether a message of a client is the recorded one, and what of it may be another in each run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ...errors import UsageError
from ...feeds.redaction import REDACTED
from .json_values import is_scalar, kind_of, parse_json
from .recorded import Message
from .stand_ins import Pair, StandIns

__all__ = ["DEFAULT_MATCH", "Matching", "parse_match"]

DEFAULT_MATCH = "json"
"""How messages are compared unless that is chosen."""

_REDACTED = REDACTED.encode()
_ALL_REDACTED = b'"%b"' % _REDACTED
_WILD = re.compile(rb'"\[redacted\]"|\[redacted\]')
_WILD_TEXT = re.compile(r'"\[redacted\]"|\[redacted\]')


class Matching(msgspec.Struct, frozen=True):
    """
    How messages are compared. Whatever was redacted in the recorded one matches anything.

    Attributes:
        is_exact: Byte for byte. Otherwise, a text that was recorded as JSON is compared as JSON, whatever spaces, order
            of keys and notation of numbers; all others, and binary messages, byte for byte too.
        ignored: Keys, at any depth, whose values need not be the same.

    """

    is_exact: bool = False
    ignored: frozenset[str] = frozenset()

    def compare(self, recorded: Message, said: Message, known: StandIns) -> list[Pair] | None:
        """
        Compare a message with the recorded one.

        Args:
            recorded: The recorded one.
            said: What the client said.
            known: What stands for recorded values by now.

        Returns:
            The values that were ignored, with what the client has in their place; None if it is another message.

        """
        if recorded.binary != said.binary:
            return None
        if recorded.payload == _ALL_REDACTED:
            return []
        expected = None if recorded.binary else parse_json(recorded.payload)
        if (expected is None or self.is_exact) and not _is_same_text(recorded.payload, said.payload):
            return None
        if expected is None or (self.is_exact and recorded.payload == said.payload):
            return []
        got = parse_json(said.payload)
        return None if got is None else self.compare_values(expected.value, got.value, known)

    def compare_values(
        self, expected: Any, got: Any, known: StandIns, key: str | None = None, *, is_ignored: bool = False
    ) -> list[Pair] | None:
        """
        Compare two values of JSON; see `compare`.

        Args:
            expected: The recorded one.
            got: The client's.
            known: As above.
            key: Their key.
            is_ignored: Whether they are within what is ignored.

        """
        pairs: list[Pair] = []
        waiting = [(expected, got, key, is_ignored)]
        while waiting:
            one, other, key, within = waiting.pop()
            is_free = within or key in self.ignored
            if one == REDACTED:
                if is_free and is_scalar(other):
                    pairs.append(Pair(key, None, other))
            elif is_free and is_scalar(one) and is_scalar(other):
                pairs.append(Pair(key, one, other))
            elif (inner := _inner(one, other, key, is_free=is_free)) is not None:
                waiting += inner
            elif not (is_free or _is_same(one, other) or known.stands_for(one, other, key)):
                return None
        return pairs


def _inner(one: Any, other: Any, key: str | None, *, is_free: bool) -> list[tuple[Any, Any, str | None, bool]] | None:
    """Return what two values contain, pair by pair; None if they are no containers of the same form."""
    if isinstance(one, dict) and isinstance(other, dict) and (is_free or one.keys() == other.keys()):
        return [(value, other[name], name, is_free) for name, value in one.items() if name in other]
    if isinstance(one, list) and isinstance(other, list) and (is_free or len(one) == len(other)):
        return [(*pair, key if is_free else None, is_free) for pair in zip(one, other, strict=False)]
    return None


def _is_same(one: Any, other: Any) -> bool:
    if kind_of(one) != kind_of(other) or isinstance(one, (dict, list)):
        return False
    if isinstance(one, str) and REDACTED in one:
        return _is_like(_WILD_TEXT.split(one), other)
    return bool(one == other)


def _is_same_text(recorded: bytes, said: bytes) -> bool:
    return recorded == said or (_REDACTED in recorded and _is_like(_WILD.split(recorded), said))


def _is_like(pieces: list[Any], text: Any) -> bool:
    """Return whether a text has all of these pieces, two at least, in order, at its ends the first and the last."""
    first, *middle, last = pieces
    if not (text.startswith(first) and text.endswith(last)) or len(text) < len(first) + len(last):
        return False
    place, end = len(first), len(text) - len(last)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True


def parse_match(text: str) -> Matching:
    """
    Read how messages are compared: `exact`, `json`, or `ignore:KEY,KEY`.

    Raises:
        UsageError: If it is none of these.

    """
    if text in {"exact", "json"}:
        return Matching(is_exact=text == "exact")
    kind, colon, names = text.partition(":")
    keys = frozenset(_names(names))
    if kind != "ignore" or not colon or not keys:
        raise UsageError(
            f"{text!r} is not a way to compare messages: use exact, json, or ignore: and keys, e.g. ignore:id,nonce"
        )
    return Matching(ignored=keys)


def _names(text: str) -> Iterator[str]:
    return (name for name in map(str.strip, text.split(",")) if name)
