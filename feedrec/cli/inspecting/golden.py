"""`feedrec info --check`: the facts of a recording against those of a file that `feedrec info --json` wrote."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import UsageError
from ...spelling import did_you_mean
from .. import output
from ..recording.options.credential_options import read_text
from ..terminal import echo, echo_json, printable, width_of

if TYPE_CHECKING:
    from ...formats.facts.golden import Difference

__all__ = ["read_golden", "report_check"]

_LARGEST = 16 << 20  # bytes of such a file
_USUAL_WIDTH = 80
_LONGEST_FACT, _LONGEST_VALUE = 40, 18  # columns of a table that fits 80


def read_golden(path: Path) -> dict[str, Any]:
    """
    Return the facts in a file.

    Raises:
        UsageError: If it cannot be read, or is something else.

    """
    from ...formats.facts.golden import parse_golden

    text, _ = read_text(path, "file of facts", _LARGEST)
    try:
        return parse_golden(text.removeprefix("\ufeff").encode())
    except UsageError as error:
        raise UsageError(f"{path}: {error}: make it with `feedrec info FILE --json > {path}`") from None


def report_check(path: Path, expected: Mapping[str, Any], facts: Mapping[str, Any], *, as_json: bool) -> bool:
    """
    Report where the facts of a recording differ from those of a file; return whether they do.

    Raises:
        UsageError: If the file has facts that no recording has.

    """
    from ...formats.facts.golden import NOT_COMPARED, differences, unknown_facts

    got = msgspec.json.decode(msgspec.json.encode(facts))
    for name in unknown_facts(expected, got):
        hint = did_you_mean(name, got) or "; `feedrec info --json` shows what there is"
        raise UsageError(f"{path}: there is no fact {name!r}{hint}")
    found = differences(expected, got)
    if as_json:
        echo_json({"golden": path, "is_same": not found, "differences": msgspec.to_builtins(found)})
    elif found:
        echo(
            f"{output.count(len(found), 'fact')} {'differs' if len(found) == 1 else 'differ'} from {path}:",
            *_lines(found),
        )
    else:
        echo(f"as in {path}: {output.count(len(expected.keys() - NOT_COMPARED), 'fact')} compared")
    return bool(found)


def _lines(found: Sequence[Difference]) -> list[str]:
    """Return a table; where a value is too long for it, both have lines of their own below."""
    rows = [(f"  {one.fact}", _shown(one.expected), _shown(one.got)) for one in found]
    short = [row for row in rows if len(row[0]) <= _LONGEST_FACT and max(map(len, row[1:])) <= _LONGEST_VALUE]
    table = output.columns([("  fact", "expected", "got"), *short]) if short else []
    width = width_of(sys.stdout) if sys.stdout.isatty() else _USUAL_WIDTH
    return [*table, *(line for row in rows if row not in short for line in _apart(*row, width))]


def _apart(fact: str, expected: str, got: str, width: int) -> list[str]:
    wrap = textwrap.TextWrapper(width, initial_indent="    expected  ", subsequent_indent=" " * 14)
    lines = wrap.wrap(printable(expected))
    wrap.initial_indent = "    got       "
    return [fact, *lines, *wrap.wrap(printable(got))]


def _shown(value: Any) -> str:
    from ...formats.facts.golden import ABSENT

    if value is ABSENT:
        return "-"
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
