"""
What a recording should have in it, as `feedrec info --json` wrote it earlier, against what it has. Pure.

Compared are facts of the content, and of them those that are named: what does not matter to somebody can be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ...errors import UsageError

__all__ = ["ABSENT", "NOT_COMPARED", "Difference", "differences", "parse_golden", "unknown_facts"]

NOT_COMPARED = frozenset(
    {"path", "software", "read", "damage", "text_size", "file_size", "ratio", "notes", "files", "checkpoints"}
)
"""What depends on where a recording is, how it is compressed or split, or on the version that wrote or reads it."""

ABSENT = msgspec.UNSET
"""Stands for what one of both does not have."""

_ROWS = "channels"
_NAMES = ("channel", "product")
_COLUMNS = (*_NAMES, "frames", "bytes")


class Difference(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    A fact that differs.

    Attributes:
        fact: Its name; of a channel, with the channel and its product.
        expected: What it should be; `ABSENT` if there should be no such thing.
        got: What it is.

    """

    fact: str
    expected: Any = ABSENT
    got: Any = ABSENT


def parse_golden(text: bytes) -> dict[str, Any]:
    """
    Return the facts that `feedrec info --json` wrote.

    Raises:
        UsageError: If it is something else, or has no fact that is compared.

    """
    try:
        facts = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UsageError("it is not the JSON object that `feedrec info --json` writes") from None
    rows = facts.get(_ROWS, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _label(row) for row in rows):
        raise UsageError(f"its {_ROWS!r} is not an array of objects with `channel` and `product`")
    if not facts.keys() - NOT_COMPARED:
        raise UsageError("it has no fact to compare")
    return facts


def unknown_facts(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """Return the names of expected facts that no recording has."""
    unknown = [name for name in expected if name not in got and name not in NOT_COMPARED]
    for name, value in expected.items():
        inner = got.get(name)
        if isinstance(value, dict) and isinstance(inner, dict):
            unknown += [f"{name}.{key}" for key in value if key not in inner]
    keys = dict.fromkeys(key for row in expected.get(_ROWS, ()) for key in row)
    return unknown + [f"{_ROWS}.{key}" for key in keys if key not in _COLUMNS]


def differences(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[Difference]:
    """Return where the facts of a recording differ from those that are expected, as far as these say something."""
    found: list[Difference] = []
    for name, value in expected.items():
        if name == _ROWS:
            found += _of_rows(value, got[name])
        elif name not in NOT_COMPARED:
            found += _of_values(name, value, got[name])
    return found


def _of_values(name: str, expected: Any, got: Any) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(got, dict):
        for key, value in expected.items():
            yield from _of_values(f"{name}.{key}", value, got[key])
    elif isinstance(expected, list) and isinstance(got, list):
        yield from _of_lists(name, expected, got)
    elif _text(expected) != _text(got):
        yield Difference(name, expected, got)


def _of_lists(name: str, expected: list[Any], got: list[Any]) -> Iterator[Difference]:
    """Compare two lists in which the order means nothing."""
    texts, others = {_text(one): one for one in expected}, {_text(one): one for one in got}
    yield from (Difference(name, expected=one) for text, one in texts.items() if text not in others)
    yield from (Difference(name, got=one) for text, one in others.items() if text not in texts)


def _of_rows(expected: list[dict[str, Any]], got: list[dict[str, Any]]) -> Iterator[Difference]:
    """Compare figures by channel and product."""
    rows = {_label(row): row for row in got}
    for row in expected:
        label = _label(row)
        found = rows.pop(label, {})
        keys = [key for key in row if key not in _NAMES]
        yield from (
            Difference(f"{label} {key}", row[key], found.get(key, ABSENT))
            for key in keys
            if key not in found or _text(found[key]) != _text(row[key])
        )
        if not keys and not found:
            yield Difference(label, expected="some frames")
    yield from (Difference(f"{label} frames", got=row["frames"]) for label, row in rows.items())


def _label(row: Mapping[str, Any]) -> str:
    """Return the channel and the product of a row; empty if it does not have them."""
    names = [row.get(name) for name in _NAMES]
    return " ".join(one or "-" for one in names) if all(isinstance(one, str) for one in names) else ""


def _text(value: Any) -> str:
    """Return a value as JSON, whatever the order of its keys; `4.0` is 4, and true is not 1."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)
