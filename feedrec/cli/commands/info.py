"""`feedrec info`."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import RecordingError
from ...model import NANOSECONDS, format_time
from ...processing.checkpoints import count_beside
from ...processing.summarising import look as look_at
from ...processing.summarising import summarise
from .. import output
from ..options import RECORDING, as_json, logging_options, time_options
from ..subscribed import missing_lines
from ..terminal import GAP, coloured, echo, echo_json, width_of
from ..uploading import refuse_url

if TYPE_CHECKING:
    from ...formats.several.inputs import Input
    from ...formats.tools.summary import Activity, RecordingSummary
    from ...times import Moment

    Summaries = Sequence[tuple[Path, RecordingSummary]]

DIFFERS = 3
"""Exit code if facts differ from those of `--check`."""

_FILES_SHOWN = 20
_NOTES_SHOWN = 5

log = logging.getLogger("feedrec")


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RECORDING)
@click.option("--full", is_flag=True, help="Read the whole file, not only its index: this shows damage.")
@click.option(
    "--check",
    "golden",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    callback=lambda _ctx, _param, value: _file_here(value),
    help="Compare with the facts in this file, which `feedrec info --json` wrote; exit with 3 if some differ.",
)
@time_options
@as_json
@logging_options
def info(
    files: tuple[Path, ...],
    full: bool,
    golden: Path | None,
    start: Moment | None,
    end: Moment | None,
    as_json: bool,
) -> None:
    """
    Show what a recording contains: time span, frames by channel and product, gaps, rates, compression.

    Several files, or a folder, are reported as one recording, whatever their formats; - is stdin. If a recording is
    unfinished or cut off, the report covers what is there.

    Of a finished recording, only the index is read: damage does not show then. --full reads everything. What has no
    index, or one of an earlier version, is always read.

    A file in a folder that cannot be read is named and skipped, and the exit code is 1. With --from and --to, of a
    folder only recordings count that have something of that span, each as a whole.

    The plot shows received frames per second over time, with gaps (g) and reconnects (r) marked below.

    \b
      feedrec info FILE --json > golden.json
      feedrec info FILE --check golden.json   exit code 3, and what differs
    """
    from ...formats.several.clocks import starting_clocks
    from ...formats.tools.summary import Activity, combine

    compare = None if golden is None else _comparison(golden)
    activity = Activity()
    found, bad = _look_at(files, (start, end), full=full)
    clocks = starting_clocks(found)
    parts = [(one.path, summarise(one, activity, clock)) for one, clock in zip(found, clocks, strict=True)]
    total = combine([summary for _, summary in parts])
    checkpoints = sum(count_beside(path, summary.header.endpoint) for path, summary in parts)
    name = files[0] if len(files) == 1 else None
    is_other = False
    if compare is not None:
        is_other = compare(total.as_dict(), as_json=as_json)
    elif as_json:
        echo_json({"path": name, **total.as_dict(), "checkpoints": checkpoints, **_files_as_json(parts)})
    else:
        echo(_heading(name, parts, total), *_report(parts, total, activity, checkpoints))
    sys.stdout.flush()
    _warn(parts, bad)
    if bad or is_other:
        raise click.exceptions.Exit(1 if bad else DIFFERS)


def _warn(parts: Summaries, bad: Sequence[RecordingError]) -> None:
    for file, summary in parts:
        if summary.jump is not None:
            log.warning("%s: %s", file, summary.jump)
    for error in bad:
        log.warning("skipped: %s", error)


def _file_here(name: str | None) -> Path | None:
    refuse_url(name or "", "save the file of facts here first")
    return None if name is None else Path(name)


def _comparison(golden: Path) -> Callable[..., bool]:
    """Read a file of facts, before anything else is read; return what reports how those of a recording differ."""
    from ..inspecting.golden import read_golden, report_check

    return partial(report_check, golden, read_golden(golden))


def _look_at(
    files: Sequence[Path], span: tuple[Moment | None, Moment | None], *, full: bool
) -> tuple[list[Input], list[RecordingError]]:
    """Return the recordings, and the errors of those in a folder that cannot be read; raise if none can be read."""
    from ...formats.file.opening import under_current_name
    from ...formats.several.folder import find_recordings
    from ...formats.several.inputs import refuse_doubles

    look = cache(partial(look_at, full=full))

    bad: list[RecordingError] = []
    if span == (None, None):
        paths = find_recordings(files, on_bad=bad.append, begun_at=lambda path: look(path).header.created)
    else:
        from ...formats.catalogue.choosing import recordings_for

        paths = [path for path in recordings_for(files, *span).paths if _can_be_read(path, look, bad)]
    if bad and not paths:
        raise bad[0]
    found = [under_current_name(path, look) for path in paths]
    refuse_doubles(found)
    return found, bad


def _can_be_read(path: Path, look: Callable[[Path], object], bad: list[RecordingError]) -> bool:
    from ...formats.file.opening import under_current_name

    try:
        under_current_name(path, look)
    except RecordingError as error:
        bad.append(error)
        return False
    return True


def _files_as_json(parts: Summaries) -> dict[str, Any]:
    """Return the facts of each file; nothing if there is only one."""
    if len(parts) == 1:
        return {}
    names = (
        "endpoint",
        "created",
        "state",
        "read",
        "damage",
        "first_time",
        "last_time",
        "frames",
        "bytes",
        "file_size",
    )
    files = []
    for path, summary in parts:
        facts = summary.as_dict()
        files.append({"path": path, **{name: facts[name] for name in names}})
    return {"files": files}


def _heading(name: Path | None, parts: Summaries, total: RecordingSummary) -> str:
    several = f"{len(parts)} files of {output.count(total.recordings, 'recording')}"
    if name is None:
        return several
    return str(name) if len(parts) == 1 else f"{name}: {several}"


def _report(parts: Summaries, total: RecordingSummary, activity: Activity, checkpoints: int) -> list[str]:
    """Return the lines of the report below its heading."""
    from ..inspecting.plot import plot, style_for

    wrap = width_of(sys.stdout) if sys.stdout.isatty() else None
    facts = _facts(parts, total)
    if checkpoints:
        facts.append(("checkpoints", f"{checkpoints:,}"))
    lines = output.columns([(f"  {name}", value) for name, value in facts], wrap=wrap)
    if total.gaps:
        lines = [coloured(line, output.count(total.gaps, "gap"), GAP) for line in lines]
    if len(parts) > 1:
        lines += ["", *_file_table(parts)]
    drawn = plot(activity, width_of(sys.stdout), style_for(sys.stdout.encoding))
    if drawn:
        lines += ["", *drawn]
    if total.channels:
        lines += ["", *_channel_table(total)]
    return lines


def _facts(parts: Summaries, total: RecordingSummary) -> list[tuple[str, str]]:
    return [
        ("endpoint", "; ".join(dict.fromkeys(_endpoint(summary) for _, summary in parts))),
        ("recorded", _span(total)),
        *_states(parts, total),
        ("frames", f"{total.frames:,} received ({output.size(total.bytes)}), {total.sent:,} sent"),
        *([("requests", f"{total.requests:,} over HTTP, answered")] if total.requests else []),
        *_rate(total),
        ("size", f"{output.size(total.file_size)} on disk, {output.ratio(total.ratio)}"),
        ("connections", f"{total.connections} ({', '.join(_reconnects(total))})"),
        ("sequence", _sequence(total)),
        *[("", f"{note}: frames may be missing") for note in total.notes[:_NOTES_SHOWN]],
        *[("" if number else "missing", line) for number, line in enumerate(missing_lines(total.subscribed.facts()))],
    ]


def _reconnects(total: RecordingSummary) -> list[str]:
    some = (total.replacements, "replacement"), (total.refusals, "failed attempt")
    return [
        output.count(total.reconnects, "reconnect"),
        *(output.count(number, name) for number, name in some if number),
    ]


def _sequence(total: RecordingSummary) -> str:
    facts = [output.count(total.gaps, "gap")]
    if total.gaps:
        unnoticed = output.count(total.unnoticed_gaps, "gap")
        more = f" ({unnoticed} not noticed while recording)" if total.unnoticed_gaps else ""
        facts.append(f"{output.count(total.missing, 'frame')} missing{more}")
    some = (total.resets, "reset"), (total.resyncs, "resync"), (total.findings, "finding")
    facts += [output.count(number, name) for number, name in some if number]
    if total.out_of_order:
        facts.append(f"{output.count(total.out_of_order, 'frame')} out of order")
    return ", ".join(facts)


def _endpoint(summary: RecordingSummary) -> str:
    return f"{summary.header.endpoint}  {summary.header.url}".strip()


def _states(parts: Summaries, total: RecordingSummary) -> list[tuple[str, str]]:
    """Return the overall state and the damage of each damaged file; the message names the file."""
    damages = [summary.damage for _, summary in parts if summary.damage is not None]
    if len(damages) == 1:
        return [("state", f"{total.state}: {damages[0]}")]
    return [("state", _state(total)), *[("", damage) for damage in damages]]


def _state(summary: RecordingSummary) -> str:
    return summary.state if summary.read or summary.state != "finished" else "finished, not read"


def _rate(total: RecordingSummary) -> list[tuple[str, str]]:
    if not total.seconds:
        return []
    frames, received = total.frames / total.seconds, total.bytes / total.seconds
    busiest = f"{total.busiest_second:,} in the busiest second"
    return [("rate", f"{frames:,.1f} frames/s ({busiest}), {output.size(received)}/s")]


def _span(summary: RecordingSummary) -> str:
    if summary.first_time is None or summary.last_time is None:
        return "no frames received"
    first, last = format_time(summary.first_time), format_time(summary.last_time)
    was_set = abs(summary.last_time - summary.first_time - summary.seconds * NANOSECONDS) > NANOSECONDS
    hint = " (the clock was set meanwhile)" if was_set else ""
    return f"{first[:-11]}Z to {last[:-11]}Z, {output.duration(summary.seconds)}{hint}"


def _file_table(parts: Summaries) -> list[str]:
    """Return a table of the files; of many files, only the first and the last ones."""
    rows = [("  file", "frames", "size", "first frame", "state")]
    rows += [
        (
            f"  {path}",
            f"{summary.frames:,}",
            output.size(summary.file_size),
            "-" if summary.first_time is None else f"{format_time(summary.first_time)[:-11]}Z",
            _state(summary),
        )
        for path, summary in parts
    ]
    if len(parts) > _FILES_SHOWN:
        half = _FILES_SHOWN // 2
        rows[half + 1 : -half] = [(f"  ... {len(parts) - 2 * half:,} more", "", "", "", "")]
    return output.columns(rows, right=(1, 2))


def _channel_table(summary: RecordingSummary) -> list[str]:
    rows = [("  channel", "product", "frames", "bytes", "frames/s")]
    for figures in summary.channels:
        rate = f"{figures.frames / summary.seconds:,.1f}" if summary.seconds else "-"
        channel = f"  {figures.channel or '(unknown)'}"
        rows.append((channel, figures.product or "-", f"{figures.frames:,}", output.size(figures.bytes), rate))
    return output.columns(rows, right=(2, 3, 4))
