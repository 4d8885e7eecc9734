"""`feedrec demo`."""

from __future__ import annotations

import logging
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ... import __version__
from ...model import Header
from ..options import logging_options
from ..output import columns
from ..terminal import echo

if TYPE_CHECKING:
    from ...recorder import Summary

SPEED = 8.0
"""Replay speed of the demo: its recording lasts half a minute, nobody's patience does."""


@click.command(short_help="See it work, offline, in a few seconds.")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(path_type=Path, readable=False),
    help="File to write.  [default: a new file in this folder]",
)
@logging_options
def demo(output: Path | None) -> None:
    """
    See it work: replay a built-in recording and record it again, offline, in a few seconds.

    It starts a mock venue from a small synthetic recording of Coinbase Advanced Trade. The code of `feedrec record`
    connects to it over a real WebSocket, and writes a new recording.
    """
    import asyncio

    from ..record_run import report

    target = output or Path(time.strftime("demo_%Y%m%dT%H%M%SZ.jsonl.zst", time.gmtime()))
    with resources.as_file(resources.files("feedrec.cli") / "demo.jsonl.zst") as recording:
        summary = asyncio.run(_replay_and_record(recording, target))
    report(summary)
    suggestions = (
        (f"  feedrec info {target}", "# what it contains"),
        (f"  feedrec cat --raw -c ticker {target}", "# what the venue sent"),
        (f"  feedrec replay {target} --speed 10", "# a mock venue for your own client"),
        ("  feedrec record --channel level2", "# the live market"),
    )
    echo("", "Now try:", *columns(suggestions))


async def _replay_and_record(recording: Path, target: Path) -> Summary:
    from ...feeds import find_feed, subscribe_to
    from ...formats import create_recording, open_recording
    from ...recorder import Limits, RecordingSession
    from ...replay import ReplayOptions, ReplayServer
    from ..record_run import record_with_status

    with open_recording(recording) as source:
        header = source.header
        frames = sum(1 for record in source if getattr(record, "direction", "") == "in")
    feed = find_feed(header.endpoint)
    asked = [(str(item["channel"]), tuple(item.get("products", ()))) for item in header.subscriptions]
    subscriptions = subscribe_to(feed, asked, ())
    logging.getLogger("feedrec.replay").setLevel(logging.WARNING)  # the recorder's log lines are enough
    async with ReplayServer(recording, ReplayOptions(port=0, speed=SPEED, at_end="hold")) as server:
        echo(f"mock venue  {server.url}  ({frames:,} frames of {header.endpoint}, at {SPEED:.0f}x speed)")
        copy = Header(feed.name, server.url, time.time_ns(), f"feedrec {__version__}", header.subscriptions)
        writer = create_recording(target, copy)
        session = RecordingSession(feed, server.url, subscriptions, writer, limits=Limits(max_frames=frames))
        return await record_with_status(session)
