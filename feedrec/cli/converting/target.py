"""Where `feedrec convert` writes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import UsageError
from ...model import Header
from ..terminal import refuse_terminal

if TYPE_CHECKING:
    from ...formats.facts.sequence_check import MakeRule
    from ...formats.file.growing.growing_file import GrowingFile
    from ...formats.file.modes import FileMode
    from ...formats.file.rotation import RotateAfter

__all__ = ["check_target", "places_of", "to_file", "to_stdout"]


def places_of(inputs: tuple[Path, ...], target: Path | None) -> tuple[tuple[Path, ...], Path]:
    """Return the inputs and the output; `INPUT... -` is short for `INPUT... -o -`."""
    from ...formats.file.pipe import STDIN
    from ...formats.file.stream_target import STDOUT

    if target is not None:
        return inputs, target
    if len(inputs) > 1 and inputs[-1] == STDIN:
        return inputs[:-1], STDOUT
    context = click.get_current_context()
    raise click.UsageError("Missing option '-o' / '--output': name the output file, or - for stdout.", context)


def check_target(
    target: Path, kind: str | None, split: RotateAfter | None, max_size: int | None, *, as_json: bool
) -> bool:
    """Return whether the output is stdout; refuse options and a terminal that do not go with it."""
    from ...formats.file.stream_target import STDOUT

    if split is not None and max_size is not None:
        raise UsageError("--split and --max-size exclude each other: use only one of them")
    if target != STDOUT:
        if kind is not None and not target.name.endswith(f".{kind}"):
            raise UsageError(f"{target} does not match --format {kind}: change one of them")
        return False
    if kind == "parquet" or split is not None:
        raise UsageError("-o - writes one stream of lines to stdout: leave out --format parquet and --split")
    if as_json:
        raise UsageError("--json and -o - both write to stdout: use only one of them")
    refuse_terminal()
    return True


def to_file(level: int | None, *, overwrite: bool) -> Callable[..., GrowingFile]:
    """Return what begins a file of the output."""
    from ...formats.file.growing.growing_file import begin_file

    return partial(begin_file, overwrite=overwrite, level=level)


def to_stdout(kind: str | None, level: int | None) -> Callable[..., GrowingFile]:
    """Return what begins the output in stdout, which has neither a name nor a mode."""
    from ...formats.file.growing.growing_file import begin_stream

    def begin(_path: Path, header: Header | bytes, *, mode: FileMode, make_rule: MakeRule | None) -> GrowingFile:  # noqa: ARG001
        return begin_stream(sys.stdout.buffer, f".{kind or 'jsonl'}", header, level=level, make_rule=make_rule)

    return begin
