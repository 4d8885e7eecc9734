"""`feedrec info`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from ..model import FrameInfo, format_time
from . import output
from .options import as_json, logging_options

if TYPE_CHECKING:
    from ..formats.summary import RecordingSummary


@click.command(short_help="Tell what is in a recording.")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, readable=False))
@as_json
@logging_options
def info(file: Path, as_json: bool) -> None:
    """
    Tell what is in a recording: time span, frames by channel and product, gaps, rates, compression.

    A recording that is still being written, or was cut off, is told of as far as it goes.
    """
    from ..feeds import feed_of
    from ..formats import open_recording
    from ..formats.summary import summarise

    with open_recording(file) as recording:
        feed = feed_of(recording.header.endpoint)
        summary = summarise(recording, feed.describe if feed else lambda _: FrameInfo())
    if as_json:
        click.echo(msgspec.json.encode({"path": output.printable(file), **summary.as_dict()}))
        return
    click.echo(output.printable(file))
    click.echo(output.columns([(f"  {name}", value) for name, value in _facts(summary)]))
    if summary.channels:
        click.echo()
        click.echo(_channel_table(summary))


def _facts(summary: RecordingSummary) -> list[tuple[str, str]]:
    header = summary.header
    gaps = output.count(summary.gaps, "gap")
    if summary.gaps:
        gaps += f", {output.count(summary.missing, 'frame')} missing"
    reconnects = output.count(max(0, summary.connections - 1), "reconnect")
    facts = [
        ("endpoint", f"{header.endpoint}  {header.url}".strip()),
        ("recorded", _span(summary)),
        ("state", f"{summary.state}: {summary.damage}" if summary.damage else summary.state),
        ("frames", f"{summary.frames:,} received ({output.size(summary.bytes)}), {summary.sent:,} sent"),
        ("size", f"{output.size(summary.file_size)} on disk, {output.ratio(summary.ratio)}"),
        ("connections", f"{summary.connections} ({reconnects})"),
        ("sequence", gaps),
    ]
    if summary.seconds:
        frames, received = summary.frames / summary.seconds, summary.bytes / summary.seconds
        rate = f"{frames:,.1f} frames/s ({summary.busiest_second:,} in the busiest second), {output.size(received)}/s"
        facts.insert(4, ("rate", rate))
    return facts


def _span(summary: RecordingSummary) -> str:
    if summary.first_time is None or summary.last_time is None:
        return "no frame was received"
    first, last = format_time(summary.first_time), format_time(summary.last_time)
    return f"{first[:-7]}Z to {last[:-7]}Z, {output.duration(summary.seconds)}"


def _channel_table(summary: RecordingSummary) -> str:
    rows = [("  channel", "product", "frames", "bytes", "frames/s")]
    for figures in summary.channels:
        rate = f"{figures.frames / summary.seconds:,.1f}" if summary.seconds else "-"
        channel = f"  {figures.channel or '(unknown)'}"
        rows.append((channel, figures.product or "-", f"{figures.frames:,}", output.size(figures.bytes), rate))
    return output.columns(rows, right=(2, 3, 4))
