"""Exports of prices and trades: a folder of files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...errors import UsageError
from ...model import format_time
from ...processing.exporting import begin_market, market_facts
from .. import output
from ..converting.inputs import progress
from ..uploading import check_folder, written_to
from .targets import Exported

if TYPE_CHECKING:
    from ...export.continuity import Gap
    from ...export.market_export import MarketExport
    from ...export.market_sink import MarketSink
    from ...formats import Selection
    from ...formats.several.inputs import Input

__all__ = ["run"]

_MOST = 5
"""Gaps, and notes on files, that are printed one by one."""

_MOST_FILES = 20
"""Files that are printed one by one."""


def run(inputs: Sequence[Input], folder: Path, selection: Selection, options: dict[str, Any]) -> Exported:
    """Write recordings as files in a folder; see `Run`."""
    from ...export.market_export import export_market
    from ...formats.file.modes import mode_as_strict_as
    from ...formats.file.stream_target import STDOUT

    if folder == STDOUT:
        raise UsageError(f"--to {options['to']} writes several files, not stdout: name a folder with -o")
    check_folder(folder, mode=options["mode"])
    with written_to(folder, overwrite=options["overwrite"], is_folder=True) as place:
        if place.path.exists() and not place.path.is_dir():
            raise UsageError(f"{folder} is a file: --to {options['to']} writes several, so name a folder")
        options["mode"] = place.mode(options["mode"]) or mode_as_strict_as(one.path for one in inputs)
        with progress(inputs, what="exporting") as on_read:
            done = export_market(inputs, partial(_begin, place.path, options=options), selection, on_read)
        paths = place.finish([one.path for one in done.files])
    done.files = [msgspec.structs.replace(one, path=path) for one, path in zip(done.files, paths, strict=True)]
    return Exported(_lines(done, folder), _warnings(done), market_facts(done))


def _begin(folder: Path, exchange: str, *, options: dict[str, Any]) -> MarketSink:
    names = ("to", "tables", "fix_latency", "overwrite", "mode")
    return begin_market(folder, exchange, **{name: options[name] for name in names})


def _lines(done: MarketExport, folder: Path) -> list[str]:
    told = [
        output.count(number, noun)
        for number, noun in (
            (done.book_changes, "book change"),
            (done.snapshots, "snapshot"),
            (done.trades, "trade"),
            (done.tickers, "ticker"),
            (done.candles, "candle"),
        )
        if number
    ]
    if not told:
        return [f"nothing to write to {folder}: the recordings have no books and no trades of what was selected"]
    shown = done.files[:_MOST_FILES]
    rows = [[f"  {one.path.relative_to(folder)}", output.count(one.rows, "row")] for one in shown]
    more = [f"  and {output.count(len(done.files) - len(shown), 'more file')}"] if len(shown) < len(done.files) else []
    return [
        f"wrote {output.count(len(done.files), 'file')} to {folder}",
        *output.columns(rows, right=(1,)),
        *more,
        f"  read: {', '.join(told)}",
    ]


def _warnings(done: MarketExport) -> list[str]:
    notes = [f"{one.path.name}: {note}" for one in done.files for note in one.notes]
    warnings = notes[:_MOST]
    if len(notes) > _MOST:
        warnings.append(f"and {output.count(len(notes) - _MOST, 'more file')} likewise: --json lists them")
    if done.gaps:
        shown = ", ".join(map(_gap, done.gaps[:_MOST]))
        more = f", and {output.count(len(done.gaps) - _MOST, 'more')}" if len(done.gaps) > _MOST else ""
        warnings.append(f"the recordings lack frames: {shown}{more}")
    if done.not_understood:
        warnings.append(f"{output.count(done.not_understood, 'frame')} of an unknown shape left out")
    return warnings


def _gap(gap: Gap) -> str:
    what = "the book" if gap.of == "book" else "trades"
    return f"{what} of {gap.product} from {format_time(gap.start)} to {format_time(gap.end)} ({gap.reason})"
