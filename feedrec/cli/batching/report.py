"""What is printed of a batch: a line of JSON for each task, or what came of all for a person."""

from __future__ import annotations

from typing import Any

from ...batch.running import Total
from ...batch.task import Result, Task
from ...formats.places.url_path import place_of
from .. import output

__all__ = ["code_of", "json_of", "json_of_all", "lines_of", "shown_source"]

_DONE = {"convert": "converted", "verify": "verified", "info": "summarised", "export": "exported"}

_GOOD, _NOT_GOOD = 0, 3  # exit codes


def code_of(total: Total) -> int:
    """Return the exit code: whether all is done, and nothing is lost, in this run or before."""
    return _GOOD if total.is_good else _NOT_GOOD


def json_of(task: Task, result: Result) -> dict[str, Any]:
    """Return what came of a task, as JSON."""
    told: dict[str, Any] = {
        "source": shown_source(task),
        "output": task.target,
        "status": result.status.value,
        "bytes": result.size,
        "files": len(result.files),
    }
    if result.reason:
        told["reason"] = result.reason
    if result.deaths:
        told["deaths"] = result.deaths
    return {**told, "facts": result.facts}


def shown_source(task: Task) -> str:
    """Return the recording of a task, without what gives access to it."""
    return str(place_of(task.source))


def json_of_all(total: Total) -> dict[str, Any]:
    """Return what came of all, as JSON."""
    names = ("done", "loss", "failed", "kept", "kept_loss", "deaths", "swept")
    return {"total": {**{name: getattr(total, name) for name in names}, "bytes": total.size}}


def lines_of(total: Total, kind: str, place: str, noun: str, seconds: float) -> list[str]:
    """
    Return what a person is told of all.

    Args:
        total: What came of all.
        kind: What was done.
        place: Where the outputs are.
        noun: What a task is about: a recording, or a part of one.
        seconds: How long it took.

    """
    if total.kept and not (total.done or total.loss or total.failed):
        lines = [f"nothing to do: {output.count(total.kept, noun)} {_DONE[kind]} to {place} before, not changed since"]
    else:
        size = f" ({output.size(total.size)})" if total.size else ""
        what = output.count(total.done + total.loss, noun)
        lines = [f"{_DONE[kind]} {what} to {place}{size} in {output.duration(seconds)}"]
        if total.kept:
            lines.append(f"  done before:  {total.kept:,} (not changed since)")
    if total.deaths:
        lines.append(f"  died:         {output.count(total.deaths, 'worker')}")
    if lost := total.loss + total.kept_loss:
        lines.append(f"  LOSS:         {lost:,} (something is damaged or missing in the {noun})")
    if total.failed:
        lines.append(f"  FAILED:       {total.failed:,} (the same command tries again)")
    return lines
