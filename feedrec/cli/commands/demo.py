"""`feedrec demo`."""

from __future__ import annotations

import logging
import os
import shlex
import shutil
import sys
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ... import __version__
from ...model import Header
from ..options import logging_options
from ..terminal import echo
from ..uploading import OUTPUT, refuse_url

if TYPE_CHECKING:
    from ...recorder import Summary

SPEED = 8.0
"""Replay speed of the demo: its recording lasts half a minute, nobody's patience does."""


@click.command()
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=OUTPUT,
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

    from ..recording.run import report

    refuse_url(output or "", "name a file here")
    target = output or Path(time.strftime("demo_%Y%m%dT%H%M%SZ.jsonl.zst", time.gmtime()))
    with resources.as_file(resources.files("feedrec.cli") / "demo.jsonl.zst") as recording:
        summary = asyncio.run(_replay_and_record(recording, target))
    report(summary)
    name, file = _own_name(), shlex.quote(str(target))
    suggestions = (
        (f"{name} info {file}", "what it contains"),
        (f"{name} cat --raw -c ticker {file}", "what the venue sent"),
        (f"{name} replay {file} --speed 10", "a mock venue for your own client, until Ctrl-C"),
        (f"{name} record --channel level2", "the live market, until Ctrl-C"),
    )
    echo("", "Now try:", *(line for command, what in suggestions for line in (f"  # {what}", f"  {command}")))


def _own_name() -> str:
    """Return how this program is run again from here, whether it is on the PATH or not."""
    script = Path(sys.argv[0])
    if script.name == "__main__.py":  # python -m feedrec
        return f"{shlex.quote(_from_here(sys.executable))} -m feedrec"
    found = shutil.which("feedrec")
    if found is not None and os.path.exists(script) and os.path.samefile(found, script):  # noqa: PTH110, PTH121
        return "feedrec"
    return shlex.quote(_from_here(script))


def _from_here(path: Path | str) -> str:
    """Return a path relative to the current folder, if it is in there."""
    path = os.path.abspath(path)  # noqa: PTH100  without following links: those lead out of a virtual environment
    relative = os.path.relpath(path)
    if relative.startswith(".."):
        return path
    return relative if os.sep in relative else os.path.join(".", relative)  # noqa: PTH118  a shell wants it so


async def _replay_and_record(recording: Path, target: Path) -> Summary:
    from ...feeds import find_feed, rule_of, subscribe_to
    from ...formats import create_recording, open_recording
    from ...recorder import Limits, RecordingSession
    from ...replay import ReplayOptions, ReplayServer
    from ..recording.run import record_with_status

    with open_recording(recording) as source:
        header = source.header
        frames = sum(1 for record in source if getattr(record, "direction", "") == "in")
    feed = find_feed(header.endpoint)
    asked = [(str(item["channel"]), tuple(item.get("products", ()))) for item in header.subscriptions]
    subscriptions = subscribe_to(feed, asked, ())
    logging.getLogger("feedrec.replay").setLevel(logging.WARNING)  # the recorder's log lines are enough
    async with ReplayServer(recording, ReplayOptions(port=0, speed=SPEED, at_end="hold")) as server:
        echo(f"mock venue  {server.url}  ({frames:,} frames of {header.endpoint}, at {SPEED:.0f}x)")
        copy = Header(feed.name, server.url, time.time_ns(), f"feedrec {__version__}", header.subscriptions)
        writer = create_recording(target, copy, make_rule=rule_of(feed))
        session = RecordingSession(feed, server.url, subscriptions, writer, limits=Limits(max_frames=frames))
        return await record_with_status(session)
