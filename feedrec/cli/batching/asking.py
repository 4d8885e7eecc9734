"""What is asked of `feedrec batch`: which options are of which kind of work, and what they mean to a task."""

from __future__ import annotations

from typing import Any

from ...errors import UsageError
from ...processing.exporting import TARGETS, refuse_options

__all__ = ["KINDS", "task_options"]

_FORMATS = ("jsonl.zst", "jsonl.gz", "jsonl", "parquet")
"""What recordings are converted to; the first is the default."""

KINDS = {
    "convert": frozenset(["to", "channels", "products", "by", "level", "trim_book", "anonymize", "no_checkpoints"]),
    "verify": frozenset[str](),
    "info": frozenset(["full"]),
    "export": frozenset(["to", "channels", "products", "by", "tables", "fix_latency"]),
}
"""The kinds of work, and the options that each takes, besides those that all take."""

_NAMES = {"channels": "--channel", "products": "--product", "tables": "--table"}


def task_options(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    """
    Return the options of the tasks, as JSON.

    Args:
        kind: One of `KINDS`.
        options: All that were given to the command.

    Raises:
        UsageError: If one was given that is of other kinds, or one is missing or has a wrong value.

    """
    taken = KINDS[kind]
    for name in sorted({one for names in KINDS.values() for one in names} - taken):
        if options[name]:
            takers = " and ".join(other for other, names in KINDS.items() if name in names)
            shown = _NAMES.get(name, f"--{name.replace('_', '-')}")
            raise UsageError(f"{shown} is for batch {takers}: leave it out with batch {kind}")
    told = {name: options[name] for name in sorted(taken - {"by"}) if options[name]}
    if "products" in told:
        told["products"] = sorted({one for names in told["products"] for one in names})
    told |= {name: list(told[name]) for name in ("channels", "tables") if name in told}
    if kind == "convert":
        told["format"] = _one_of(told.pop("to", _FORMATS[0]), _FORMATS, kind)
    if kind == "export":
        told["to"] = _one_of(told.get("to"), tuple(TARGETS), kind)
        refuse_options(told["to"], options)
    return told


def _one_of(name: str | None, names: tuple[str, ...], kind: str) -> str:
    if name is None:
        raise UsageError(f"batch {kind} needs --to: {', '.join(names)}")
    if name not in names:
        raise UsageError(f"batch {kind} has no --to {name}: choose one of {', '.join(names)}")
    return name
