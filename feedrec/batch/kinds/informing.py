"""The figures of a recording, as a file of JSON: what `feedrec info --json` prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from ...formats.several.clocks import starting_clocks
from ...formats.tools.summary import Activity
from ...processing.checkpoints import count_beside
from ...processing.summarising import look, summarise
from ..task import Task
from .made import Kind, Made, as_told, options_as

__all__ = ["INFO"]

_TOLD = (
    "endpoint",
    "state",
    "first_time",
    "last_time",
    "frames",
    "bytes",
    "file_size",
    "gaps",
    "missing",
    "reconnects",
)


class _Options(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    full: bool = False


def _check(options: dict[str, Any]) -> dict[str, Any]:
    return as_told(options_as(_Options, options))


def _make(task: Task, source: Path, output: Path) -> Made:
    one = look(source, full=options_as(_Options, dict(task.options)).full)
    (clock,) = starting_clocks([one])
    summary = summarise(one, Activity(), clock)
    facts = {**summary.as_dict(), "checkpoints": count_beside(source, summary.header.endpoint)}
    output.write_bytes(msgspec.json.encode({"path": str(source), **facts}, enc_hook=str) + b"\n")
    return Made([output], {name: facts[name] for name in _TOLD}, summary.damage or "")


INFO = Kind(_check, lambda name, _: f"{name}.info.json", _make)
