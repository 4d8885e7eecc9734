"""Measure groups of rows, print them as tables, and write them as JSON."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Protocol

from .command_line import chosen
from .files import batches, exports, formats, parquet, reading, tools
from .measuring.figures import Figures, Group, read_figures, write_figures
from .measuring.machine import this_machine
from .measuring.rows import Row
from .page import shown
from .recording import proxy, record, stages
from .replaying import captures, fan_out, late_book, late_state, lateness, replay, requests, shared_clients, two_clients
from .serving import live
from .starting import commands, feed_replay, pytest_start
from .steering import seek, view

__all__ = ["GROUPS"]


class Rows(Protocol):
    """Measures a group, with files in a folder of its own."""

    def __call__(self, folder: Path, *, quick: bool) -> Iterator[Row]: ...


GROUPS: dict[str, Rows] = {
    "start": commands.rows,
    "record": record.rows,
    "stages": stages.rows,
    "proxy": proxy.rows,
    "replay": replay.rows,
    "feed_replay": feed_replay.rows,
    "lateness": lateness.rows,
    "captures": captures.rows,
    "shared": shared_clients.rows,
    "fan_out": fan_out.rows,
    "late_book": late_book.rows,
    "requests": requests.rows,
    "two_clients": two_clients.rows,
    "late_state": late_state.rows,
    "live": live.rows,
    "seek": seek.rows,
    "view": view.rows,
    "reading": reading.rows,
    "tools": tools.rows,
    "parquet": parquet.rows,
    "export": exports.rows,
    "formats": formats.rows,
    "batch": batches.rows,
    "pytest": pytest_start.rows,
}

_AT_ONCE = 2
"""Groups that run at a time with `--quick`."""

_WIDTHS = (72, 16, 16, 24, 8, 20)


def main() -> None:
    """Measure the groups that were named, or all of them; exit with 1 if one of them failed."""
    asked = chosen(
        "python -m benchmarks",
        __doc__,
        "group",
        GROUPS,
        "few rounds of a tenth: whether it all runs",
        "write the figures to this file; it keeps those of the groups that were not measured",
    )
    figures = Figures() if asked.json is None else read_figures(asked.json)
    failed = []
    for name, group in _measured(asked.names, quick=asked.quick):
        figures.groups[name] = group
        if group.error:
            failed.append(name)
            print(f"{name} FAILED: {group.error}\n", file=sys.stderr, flush=True)
        if asked.json is not None:
            write_figures(asked.json, figures)
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def _measured(names: Sequence[str], *, quick: bool) -> Iterator[tuple[str, Group]]:
    """Measure groups, one after another, with tables; two at a time where what they show means nothing."""
    if not quick:
        for name in names:
            print(_HEAD, flush=True)
            group = measure(GROUPS[name], print_row, quick=False)
            print(f"-- {name}: {group.seconds:.0f} s\n", flush=True)
            yield name, group
        return
    with ProcessPoolExecutor(_AT_ONCE) as processes:
        for name, group in zip(names, processes.map(_measure_quickly, names), strict=True):
            print(_HEAD)
            for row in group.rows:
                print_row(row)
            print(f"-- {name}: {group.seconds:.0f} s\n", flush=True)
            yield name, group


def _measure_quickly(name: str) -> Group:
    return measure(GROUPS[name], lambda _: None, quick=True)


def measure(rows: Rows, tell: Callable[[Row], None], *, quick: bool) -> Group:
    """Measure a group, and tell each of its rows; what fails ends it, and no other."""
    group = Group(this_machine(), 0.0)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="feedrec-bench-") as folder:
        try:
            for row in rows(Path(folder), quick=quick):
                group.rows.append(row)
                tell(row)
        except Exception as error:  # noqa: BLE001  whatever it is, the other groups are measured
            group.error = f"{type(error).__name__}: {error}"
    group.seconds = time.monotonic() - started
    return group


def print_row(row: Row) -> None:
    """Print a row at once."""
    print(_line(*shown(row)).replace("**", ""), flush=True)


def _line(*cells: str) -> str:
    first, *others = (cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
    return "  ".join((first, *others)).rstrip()


_HEAD = _line("what", "baseline", "feedrec", "ratio", "growth", "goal")

if __name__ == "__main__":
    main()
