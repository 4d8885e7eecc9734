"""What writes each of the formats of `feedrec export`, and what is said of that."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ...processing.exporting import TARGETS, refuse_options

if TYPE_CHECKING:
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["Exported", "run_of"]


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


def run_of(name: str, options: dict[str, Any]) -> Run:
    """
    Return what writes a format.

    Raises:
        UsageError: If an option was given that it does not take.

    """
    refuse_options(name, options)
    module = "market" if TARGETS[name].is_folder else "wire"
    return cast(Run, importlib.import_module(f"{__package__}.{module}").run)
