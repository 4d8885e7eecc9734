"""
Recordings as a table for people, which fits 80 columns.

Those that follow each other and have the same channels and products stand below one line that says which. A name for
which a row has no room has a line of its own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...model import format_time
from .. import output
from ..terminal import GAP, coloured, printable
from .facts import total_of

if TYPE_CHECKING:
    from ...formats.catalogue.entry import Entry
    from ...formats.catalogue.folder_entries import FolderEntries

__all__ = ["lines_of", "total_lines"]

_FIGURES = (19, 8, 9, 4, 8)
"""Columns of the first time, the last, frames, gaps and size."""

_HEADINGS = ("first frame (UTC)", "last", "frames", "gaps", "size")
_USUAL_WIDTH = 80  # of what no terminal shows
_NAMES_SHOWN = 4


def lines_of(folder: FolderEntries, width: int | None) -> list[str]:
    """Return the lines about the recordings in a folder, or about one; names are cut where there is a width."""
    lines = [_fitted(f"{folder.folder}: {output.count(len(folder.found), 'recording')}", width)]
    named = [(one.path, entry) for one, entry in zip(folder.found, folder.entries, strict=True)]
    for contents, group in itertools.groupby(named, lambda pair: _contents(pair[1])):
        lines += ["", _fitted(contents, width), *_row("", _HEADINGS, width)]
        for path, entry in group:
            name = path.name if path == folder.folder else path.relative_to(folder.folder).as_posix()
            lines += _entry_lines(name, entry, width)
    return lines


def total_lines(entries: Sequence[Entry]) -> list[str]:
    """Return what there is in all."""
    total = total_of(entries)
    endpoints = output.count(len(total["endpoints"]), "endpoint")
    first, last = total["first_time"], total["last_time"]
    lines = [f"{output.count(total['recordings'], 'recording')} of {endpoints}, {output.size(total['size'])}"]
    if total["not_counted"] < total["recordings"]:
        span = f", {first[:19]}Z to {last[:19]}Z" if first and last else ""
        lines.append(f"  {output.count(total['frames'], 'frame')}, {output.count(total['gaps'], 'gap')}{span}")
    others = [(state, number) for state, number in total["states"].items() if state != "finished"]
    if total["not_counted"]:
        told = ", ".join(f"{number:,} {_PLAINLY.get(state, state)}" for state, number in others)
        lines.append(f"  not counted: {told}")
    return lines


_PLAINLY = {"no summary": "without a summary"}


def _contents(entry: Entry) -> str:
    """Say what is recorded: the endpoint, its channels, and its products."""
    if entry.state == "unreadable":
        return "cannot be read"
    if not entry.is_known:
        return f"{entry.endpoint}  (no summary in it: feedrec info reads what is there)"
    channels = sorted({one.channel or "(unknown)" for one in entry.channels})
    products = sorted({one.product for one in entry.channels if one.product})
    parts = [entry.endpoint, _few(channels), _few(products)]
    return "  ".join(part for part in parts if part)


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join([*names[:_NAMES_SHOWN], *([f"{more:,} more"] if more > 0 else [])])


def _entry_lines(name: str, entry: Entry, width: int | None) -> Iterator[str]:
    first, last = _span(entry)
    unknown = "-"
    frames = unknown if entry.frames is None else f"{entry.frames:,}"
    gaps = unknown if entry.gaps is None else f"{entry.gaps:,}"
    lines = _row(name, (first, last, frames, gaps, output.size(entry.size)), width)
    if entry.gaps:
        lines[-1] = coloured(lines[-1], f"{gaps}  ", GAP)
    yield from lines
    if entry.state not in ("finished", "no summary"):
        yield _fitted(f"      {entry.state}{f': {entry.problem}' if entry.problem else ''}", width)


def _span(entry: Entry) -> tuple[str, str]:
    """Return the first and the last time; of the last, the date alone if it is another day."""
    start = entry.first_time if entry.is_known else entry.begin
    if start is None:
        return "-", "-"
    first = format_time(start)[:19].replace("T", " ")
    if entry.last_time is None:
        return first, "-"
    last = format_time(entry.last_time)[:19].replace("T", " ")
    return first, last[11:] if last[:10] == first[:10] else last[2:10]


def _row(name: str, figures: Sequence[str], width: int | None) -> list[str]:
    """Return a row; the name has a line of its own if there is no room for it."""
    cells = [
        figure.ljust(columns) if place < 2 else figure.rjust(columns)
        for place, (figure, columns) in enumerate(zip(figures, _FIGURES, strict=True))
    ]
    row = "  ".join(cells)
    room = (width or _USUAL_WIDTH) - len(row) - 4
    name = printable(name)
    if len(name) <= room:
        return [f"  {name.ljust(room)}  {row}".rstrip()]
    return [_fitted(f"  {name}", width), f"  {''.ljust(room)}  {row}".rstrip()]


def _fitted(line: str, width: int | None) -> str:
    """Return a line as it is printed, without its middle if it is longer than the terminal is wide."""
    line = printable(line)
    if width is None or len(line) <= width:
        return line
    head = (width - 1) // 2
    return f"{line[:head]}…{line[head + 1 - width :]}"
