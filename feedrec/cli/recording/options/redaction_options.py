"""Options of `feedrec record` that say what is secret: `--redact` and `--no-redact`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....errors import UsageError
from ...options import LINES, all_options
from .credential_options import read_key_text

if TYPE_CHECKING:
    from ....feeds.redaction import Redaction

__all__ = ["redaction_of", "redaction_options"]

_KEY, _VALUE, _VARIABLE = "key:", "value:", "env:"

redaction_options = all_options(
    click.option(
        "--redact",
        "redacted",
        metavar="KEY|$.PATH|value:TEXT",
        type=LINES,
        multiple=True,
        help="Do not record or show the values of this key in messages, headers and addresses sent, the value at this "
        "path of a message ($.args[0]), or this text anywhere (value:TEXT, value:@FILE, value:env:NAME). Repeatable.",
    ),
    click.option(
        "--no-redact",
        "kept_keys",
        metavar="KEY",
        type=LINES,
        multiple=True,
        help="Record the values of this key, although its name looks like that of a secret. Repeatable.",
    ),
)


def redaction_of(
    redacted: Sequence[str], kept_keys: Sequence[str], environment: Mapping[str, str] = os.environ
) -> Redaction:
    """
    Return what must not be recorded or shown.

    Args:
        redacted: `NAME` or `key:NAME`; a path, which begins with `$` or has brackets; `value:TEXT`, `value:@FILE` with
            one text a line, `value:env:VARIABLE`.
        kept_keys: Keys that are not secret, whatever their names look like.
        environment: Where variables are looked up.

    Raises:
        UsageError: If one is invalid, or a file or variable cannot be read.

    """
    from ....feeds.redaction import Redaction

    keys, paths, values = [], [], {}
    for number, text in enumerate(redacted, 1):
        if text.startswith(_VALUE):
            values.update(_values_of(text.removeprefix(_VALUE), number, environment))
        elif text.startswith("$") or ("[" in text and not text.startswith(_KEY)):
            paths.append(text)
        else:
            keys.append(text.removeprefix(_KEY))
    if not all(keys) or not all(kept_keys):
        raise UsageError("--redact and --no-redact need the name of a key")
    return Redaction(keys, paths, values, kept_keys)


def _values_of(text: str, number: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return secret texts, by what they may be called in a message: never the text itself."""
    if text.startswith("@"):
        lines = read_key_text(Path(text[1:]), what="file of secrets").splitlines()
        name = f"{_VALUE}{text}"
        found = [line.strip() for line in lines if line.strip()]
        if not found:
            raise UsageError(f"--redact {name}: the file is empty; it must have a secret on each line")
        return {name if len(found) == 1 else f"{name} (line {line})": one for line, one in enumerate(found, 1)}
    if text.startswith(_VARIABLE):
        variable = text.removeprefix(_VARIABLE)
        if not environment.get(variable):
            raise UsageError(f"--redact {_VALUE}{text}: the variable is not set, or empty")
        return {f"{_VALUE}{text}": environment[variable]}
    return {f"{_VALUE}... (option {number})": text}
