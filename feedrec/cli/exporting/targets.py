"""The formats to which `feedrec export` writes, and what writes each."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ...errors import UsageError

if TYPE_CHECKING:
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["TARGETS", "Exported", "Target", "run_of"]


class Exported(NamedTuple):
    """
    What was written, for a person and for a program.

    Attributes:
        lines: What to print.
        warnings: What to warn of, each a line.
        facts: The same as a JSON object.
        is_stdout: Whether it was written to stdout.

    """

    lines: list[str]
    warnings: list[str]
    facts: dict[str, Any]
    is_stdout: bool = False


Run = Callable[["Sequence[Input]", Path, "Selection", dict[str, Any]], Exported]
"""Writes recordings: the inputs, the output, what is selected, the options of the command."""


class Target(NamedTuple):
    """
    A format.

    Attributes:
        module: The module of this room that has a function `run` for it.
        options: The parameters of the command that it takes, besides those that all take.

    """

    module: str
    options: frozenset[str] = frozenset()


TARGETS = {
    "hftbacktest": Target("market", frozenset(["fix_latency"])),
    "tardis-csv": Target("market", frozenset(["tables"])),
    "parquet-ticks": Target("market", frozenset(["tables"])),
    "pcapng": Target("wire"),
    "har": Target("wire"),
}

_NAMES = {"fix_latency": "--fix-latency", "tables": "--table"}


def run_of(name: str, options: dict[str, Any]) -> Run:
    """
    Return what writes a format.

    Raises:
        UsageError: If an option was given that it does not take.

    """
    target = TARGETS[name]
    for option, text in _NAMES.items():
        if options[option] and option not in target.options:
            takers = ", ".join(other for other, one in TARGETS.items() if option in one.options)
            raise UsageError(f"{text} is for --to {takers}: leave it out")
    return cast(Run, importlib.import_module(f"{__package__}.{target.module}").run)
