"""What is wrong with a recording, as a file of JSON: what `feedrec verify --json` prints."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ...formats.file.opening import under_current_name
from ...formats.tools.verify import verify_recording
from ...processing.checkpoints import add_check
from ...processing.feed_rules import rules_for
from ..task import Task
from .made import Kind, Made, options_as

__all__ = ["VERIFY"]

_COUNTS = ("problem_count", "blocks", "lines", "frames", "gaps", "lost_gaps", "resets", "out_of_order")


class _Options(msgspec.Struct, forbid_unknown_fields=True):
    pass


def _check(options: dict[str, Any]) -> dict[str, Any]:
    options_as(_Options, options)
    return {}


def _make(_task: Task, source: Path, output: Path) -> Made:
    result = under_current_name(source, partial(verify_recording, rules_for=rules_for))
    add_check(result)
    facts = {**result.as_dict(), "path": str(source)}
    output.write_bytes(msgspec.json.encode(facts) + b"\n")
    first = next(iter(result.problems), None)
    more = f", and {result.problem_count - 1:,} more" if result.problem_count > 1 else ""
    lost = "" if first is None else f"{first.kind}: {first.text}{more}"
    return Made([output], {"good": result.is_good, **{name: facts[name] for name in _COUNTS}}, lost)


VERIFY = Kind(_check, lambda name, _: f"{name}.verify.json", _make)
