"""A recording in another format, chosen from, or with less in it: as `feedrec convert` makes it of one input."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...errors import UsageError
from ...formats.file.growing.growing_file import begin_file
from ...formats.file.modes import PRIVATE
from ...formats.file.names import state_path, stem_and_suffix
from ...formats.file.opening import open_recording, under_current_name
from ...formats.line.selection import Selection
from ...formats.places.url_path import UrlPath, place_of
from ...formats.several.inputs import Input, inspect_recording
from ...formats.tools.convert import Conversion
from ...formats.tools.convert import convert as convert_recordings
from ...model import format_time
from ...processing.checkpoints import write_beside
from ...processing.feed_rules import rules_for
from ...processing.rewriting import rewrite_of
from ...processing.selecting import selection_of
from ..task import Task
from .made import Kind, Made, as_told, options_as

__all__ = ["CONVERT", "selected"]

_GZIP_LEVELS = 9


class _Options(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    format: Literal["jsonl", "jsonl.zst", "jsonl.gz", "parquet"] = "jsonl.zst"
    level: int | None = None
    channels: list[str] = []
    products: list[str] = []
    trim_book: int | None = None
    anonymize: bool = False
    no_checkpoints: bool = False


def _check(options: dict[str, Any]) -> dict[str, Any]:
    found = options_as(_Options, options)
    most = _GZIP_LEVELS if found.format == "jsonl.gz" else 22
    if found.level is not None and not 1 <= found.level <= most:
        raise UsageError(f"level {found.level} is none of {found.format}: give 1 to {most}")
    if found.trim_book is not None and found.trim_book < 1:
        raise UsageError("a book is cut to one level of each side at least")
    return as_told(found)


def _named(name: str, options: dict[str, Any]) -> str:
    return f"{stem_and_suffix(name)[0]}.{options.get('format', 'jsonl.zst')}"


def _make(task: Task, source: Path, output: Path) -> Made:
    options = options_as(_Options, dict(task.options))
    one = inspect_recording(partial(under_current_name, source, open_recording))
    endpoint = one.header.endpoint
    rules = rules_for(endpoint)
    chosen = selected(task, one, options.channels, options.products)
    result = convert_recordings(
        [one],
        output,
        selection=msgspec.structs.replace(chosen, keeps_events=True),
        describe=rules.describe,
        describe_all=rules.describe_all,
        make_rule=rules.sequence_rule,
        rewrite=rewrite_of([one], options.trim_book, anonymize=options.anonymize),
        mode=PRIVATE if isinstance(place_of(task.destination), UrlPath) else None,
        create=partial(begin_file, level=options.level),
    )
    write_beside(result, endpoint, {"no_checkpoints": options.no_checkpoints}, lambda: None)
    beside = [state_path(path) for path in result.paths]
    return Made([*(path for path in beside if path.exists()), *result.paths], _facts(result))


def selected(task: Task, one: Input, channels: list[str], products: list[str]) -> Selection:
    """
    Return what is taken of a recording: the hour of the task, and what its options name.

    Raises:
        UsageError: If there is no such channel, or the endpoint must be known for it.

    """
    chosen = selection_of(one.path, one.header, channels, [products], None, None)
    return msgspec.structs.replace(chosen, start=task.start, end=task.end)


def _facts(result: Conversion) -> dict[str, Any]:
    names = (
        "frames",
        "others",
        "text_size",
        "file_size",
        "rewritten",
        "dropped",
        "missed",
        "written_anew",
        "checkpoints",
    )
    times = {name: getattr(result, name) for name in ("first_time", "last_time")}
    facts = {name: value for name in names if (value := getattr(result, name))}
    return {**facts, **{name: format_time(time) for name, time in times.items() if time is not None}}


CONVERT = Kind(_check, _named, _make, by_hour=True)
