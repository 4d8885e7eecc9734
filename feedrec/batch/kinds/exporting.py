"""A recording for another tool: what `feedrec export` writes, in a file or folder of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec

from ...errors import UsageError
from ...export.market_export import export_market
from ...export.wire.har.har_export import export_har
from ...export.wire.pcapng.pcapng_export import export_pcapng
from ...formats.file.modes import PRIVATE, FileMode, mode_as_strict_as
from ...formats.file.names import stem_and_suffix
from ...formats.file.opening import open_recording, under_current_name
from ...formats.places.url_path import UrlPath, place_of
from ...formats.several.inputs import Input, inspect_recording
from ...processing.exporting import TARGETS, begin_market, market_facts, refuse_options, wire_facts, wire_reading
from ..task import Task
from .converting import selected
from .made import Kind, Made, as_told, options_as

__all__ = ["EXPORT"]

_MOST_GAPS = 20
"""Gaps that are told one by one in the manifest."""


class _Options(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    to: Literal["hftbacktest", "tardis-csv", "parquet-ticks", "pcapng", "har"]
    channels: list[str] = []
    products: list[str] = []
    tables: list[str] = []
    fix_latency: bool = False


def _check(options: dict[str, Any]) -> dict[str, Any]:
    if "to" not in options:
        raise UsageError("an export needs a format: name one of " + ", ".join(TARGETS))
    found = options_as(_Options, options)
    refuse_options(found.to, {"tables": found.tables, "fix_latency": found.fix_latency})
    return as_told(found)


def _named(name: str, options: dict[str, Any]) -> str:
    return f"{stem_and_suffix(name)[0]}.{options['to']}"


def _make(task: Task, source: Path, output: Path) -> Made:
    options = options_as(_Options, dict(task.options))
    one = inspect_recording(partial(under_current_name, source, open_recording))
    is_url = isinstance(place_of(task.destination), UrlPath)
    mode = PRIVATE if is_url else mode_as_strict_as([one.path])
    return (_market if TARGETS[options.to].is_folder else _wire)(task, one, output, options, mode)


def _market(task: Task, one: Input, output: Path, options: _Options, mode: FileMode) -> Made:
    begin = partial(
        begin_market,
        output,
        to=options.to,
        tables=options.tables,
        fix_latency=options.fix_latency,
        mode=mode,
    )
    done = export_market([one], begin, selected(task, one, options.channels, options.products))
    facts = market_facts(done)
    gaps = len(done.gaps)
    facts |= {"files": len(done.files), "gaps": facts["gaps"][:_MOST_GAPS], "gap_count": gaps}
    notes = [f"{file.path.name}: {note}" for file in done.files for note in file.notes]
    return Made([file.path for file in done.files], {**facts, **({"notes": notes[:_MOST_GAPS]} if notes else {})})


def _wire(task: Task, one: Input, output: Path, options: _Options, mode: FileMode) -> Made:
    export = export_pcapng if options.to == "pcapng" else export_har
    chosen = selected(task, one, options.channels, options.products)
    done = export([one], output, wire_reading([one], chosen), mode=mode)
    facts = {name: value for name, value in wire_facts(done).items() if name != "path"}
    return Made([output], facts)


EXPORT = Kind(_check, _named, _make, by_hour=True)
