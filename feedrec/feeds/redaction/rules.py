"""What a person says is secret, or is not, besides what the names of keys say: keys, places in a message, and texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...errors import UsageError

__all__ = ["SHORTEST_VALUE", "matches_path", "parse_path", "value_pattern"]

SHORTEST_VALUE = 4
"""Fewest characters of a secret text: a shorter one is part of too much else."""

_PATH = re.compile(r"(?:\$|(?P<first>[\w-]+))(?P<steps>(?:\.[\w-]+|\.\*|\[(?:\d+|\*|'[^']*'|\"[^\"]*\")\])*)")
_STEP = re.compile(r"\.(?P<name>[\w-]+)|(?P<any>\.\*|\[\*\])|\[(?P<index>\d+)\]|\[(?P<quoted>'[^']*'|\"[^\"]*\")\]")

_ESCAPED = {'"': r"\"", "\\": r"\\", "/": r"\/", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
"""Characters with an escape of their own in JSON (RFC 8259, 7)."""

Pattern = tuple[str | int | None, ...]
"""The steps of a path: a key, an index, or None for any."""


def parse_path(text: str) -> Pattern:
    """
    Return the steps of a path such as `$.args[0]`, `args[*]` or `$['a b'].c`.

    Raises:
        UsageError: If it is none.

    """
    whole = _PATH.fullmatch(text)
    if whole is None:
        raise UsageError(f"{text!r} is not a path in a message: write one such as $.args[0], $.params.*, args[*]")
    steps: list[str | int | None] = [] if whole["first"] is None else [whole["first"]]
    for step in _STEP.finditer(whole["steps"]):
        if step["index"] is not None:
            steps.append(int(step["index"]))
        elif step["any"] is not None:
            steps.append(None)
        else:
            steps.append(step["name"] if step["quoted"] is None else step["quoted"][1:-1])
    return tuple(steps)


def matches_path(pattern: Pattern, path: Sequence[str | int]) -> bool:
    """Return whether a path is one of those that a pattern means."""
    return len(pattern) == len(path) and all(
        wanted is None or (wanted == step and isinstance(wanted, str) == isinstance(step, str))
        for wanted, step in zip(pattern, path, strict=True)
    )


def value_pattern(text: str) -> str:
    """Return a regular expression for a text, with its characters as they may stand in an address or in JSON."""
    return "".join(map(_character_pattern, text))


def _character_pattern(character: str) -> str:
    in_address = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    units = character.encode("utf-16-be", errors="surrogatepass")
    in_json = "".join(rf"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
    forms = [re.escape(character), f"(?i:{in_address}|{in_json})"]
    if character in _ESCAPED:
        forms.insert(0, re.escape(_ESCAPED[character]))
    if character == " ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"
