"""Running a recording from the command line: signals, live status, summary."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from ...errors import FeedrecError, WriteError
from ...formats.line.subscribed import SubscribedFacts
from ...recorder import Progress, Summary
from ...recorder.output.counting_writer import Counts
from ...recorder.output.writer_protocol import GrowingRecording
from ...recorder.watching.shipping_facts import ShippingFacts
from .. import output
from ..live.live_line import LiveLine, fitting
from ..live.repeating import repeating
from ..logs import has_live_line
from ..memory import long_lived
from ..subscribed import missing_lines
from ..terminal import GAP, coloured, echo_prose
from .ending import Ending
from .supervisor import supervised

__all__ = ["Run", "facts_of", "record_with_status", "report", "run_to_end"]

REFRESH = 0.25
"""Seconds between updates of the live status line."""

LOG_INTERVAL = 30.0
"""Seconds between status lines in a log."""

log = logging.getLogger("feedrec")


class Run(Protocol):
    """What is run until something ends it: a recording session, or a proxy."""

    @property
    def progress(self) -> Progress:
        """How it stands."""

    @property
    def subscribed(self) -> SubscribedFacts:
        """What was asked for."""

    async def run(self) -> Summary:
        """Run until the end."""

    def stop(self) -> None:
        """End it."""

    def stop_now(self) -> None:
        """End it without waiting for anybody."""


def run_to_end(
    session: Run, writer: GrowingRecording, beside: contextlib.AbstractAsyncContextManager[Any] | None = None
) -> tuple[Summary, BaseException | None]:
    """
    Record until a limit, Ctrl-C, SIGTERM or SIGHUP, with live status on stderr.

    At the first signal the connections are closed properly; at a second one the file is finished at once. A third one
    kills the process, for a disk that hangs.

    Args:
        session: What records.
        writer: Where to.
        beside: What is there as long as it runs; None for nothing.

    Returns:
        The summary, and the error that ended the run early, if one did after a connection had been opened.

    Raises:
        FeedrecError: The error that ended the run, if no connection had been opened.

    """
    ending = Ending(session)

    async def run() -> Summary:
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(beside or contextlib.nullcontext())
            except BaseException:
                await asyncio.to_thread(writer.discard)  # nothing will be recorded
                raise
            ending.install(asyncio.get_running_loop())
            return await record_with_status(session)

    try:
        with long_lived():
            summary = asyncio.run(run())
    except (FeedrecError, KeyboardInterrupt) as error:
        progress = session.progress
        if not progress.counts.connections:
            raise
        size, subscribed = progress.file_size, session.subscribed
        return Summary(str(writer.path), progress.seconds, progress.counts, size, subscribed=subscribed), error
    if summary.path is None:
        summary = msgspec.structs.replace(summary, file_size=0)
    return summary, ending.interruption


async def record_with_status(session: Run) -> Summary:
    """Run a session with its status on stderr: a live line on a terminal, else a log line now and then."""
    show = _live_line(session) if has_live_line() else _log_lines(session)
    async with show, supervised(session, status_line):
        return await session.run()


@contextlib.asynccontextmanager
async def _live_line(session: Run) -> AsyncIterator[None]:
    before = session.progress

    def show() -> None:
        nonlocal before
        now = session.progress
        line = status_line(before, now, live.width)
        live.show(coloured(line, output.count(now.counts.gaps, "gap"), GAP) if now.counts.gaps else line)
        if now.seconds - before.seconds >= 1:
            before = now

    with LiveLine(sys.stderr) as live:
        async with repeating(show, REFRESH):
            yield


@contextlib.asynccontextmanager
async def _log_lines(session: Run) -> AsyncIterator[None]:
    before = session.progress

    def show() -> None:
        nonlocal before
        now = session.progress
        log.info("%s", status_line(before, now))
        before = now

    async with repeating(show, LOG_INTERVAL):
        yield


def status_line(before: Progress, now: Progress, width: int | None = None) -> str:
    """Format the status of a run, with rates since `before`; what matters least is left out where it does not fit."""
    seconds = max(now.seconds - before.seconds, 1e-9)
    frames = (now.counts.frames - before.counts.frames) / seconds
    received = (now.counts.bytes - before.counts.bytes) / seconds
    parts = [
        f"{now.state} {output.duration(now.seconds)}",
        output.count(now.counts.gaps, "gap"),
        *_resets(now.counts),
        output.count(now.reconnects, "reconnect"),
        f"{frames:,.0f}/s",
        output.count(now.counts.frames, "frame"),
        f"{output.size(received)}/s",
        f"{output.size(now.file_size)} on disk {output.ratio(now.ratio)}",
    ]
    return fitting(parts, width)


def _shipped(facts: ShippingFacts | None) -> list[str]:
    """Tell what was shipped, and what was not, in a line; nothing if nothing was to be."""
    if facts is None:
        return []
    texts = [f"shipped {output.count(facts.files, 'file')} ({output.size(facts.bytes)}) to {facts.url}"]
    texts += [f"{output.count(facts.waiting, 'file')} left for the next start"] if facts.waiting else []
    if facts.failed:
        texts.append(f"not shipped: {facts.failed[0]}")
        texts += [f"and {len(facts.failed) - 1} more"] if len(facts.failed) > 1 else []
    return [", ".join(texts)]


def _resets(counts: Counts) -> list[str]:
    """Tell of resets, of what was subscribed again and of what checks found, if there is anything to tell."""
    each = (counts.resets, "reset"), (counts.resyncs, "resync"), (counts.findings, "finding")
    return [output.count(number, name) for number, name in each if number]


def facts_of(summary: Summary, error: BaseException | None) -> dict[str, Any]:
    """Return the summary of a run as the object of `--json`; `error` is what ended it early."""
    facts = summary.as_dict()
    if error is not None:
        facts["error"] = str(error) or "interrupted"
    return facts


def report(summary: Summary, error: BaseException | None = None, *, err: bool = False, name: str = "") -> None:
    """Print the summary of a run, on stderr if `err`; `error` is what ended it early, `name` whose run it was."""
    whose = f"{name}: " if name else ""
    counts = summary.counts
    progress = Progress("done", summary.seconds, counts, summary.file_size)
    if summary.path is None:
        echo_prose(f"{whose}stopped before a connection was opened: nothing was recorded", err=err)
        return
    frames = f"{output.count(counts.frames, 'frame')} ({output.size(counts.bytes)})"
    seconds, to_stdout = output.duration(summary.seconds), summary.path == "-"
    path = "stdout" if to_stdout else summary.path
    if isinstance(error, WriteError) and not to_stdout:
        lost = f"{summary.lost:,} are lost, the others" if summary.lost else "those that could be written"
        echo_prose(f"{whose}received {frames} in {seconds}; {lost} are in {path}", err=err)
    else:
        echo_prose(f"{whose}recorded {frames} in {seconds} to {path}", err=err)
    gaps = marked = output.count(counts.gaps, "gap")
    if progress.reconnects:  # frames missed between two connections are not in any sequence
        gaps += " within connections"
    if counts.gaps:
        gaps += f" ({output.count(counts.missing, 'frame')} missing)"
    size = f"{output.size(summary.file_size)} {'in all' if to_stdout else 'on disk'}"
    facts = [size, output.ratio(progress.ratio), gaps]
    facts += _resets(counts)
    if counts.most_open > 1:
        facts.append(output.count(counts.connections, "connection"))
    facts.append(output.count(progress.reconnects, "reconnect"))
    if counts.replacements:
        facts.append(output.count(counts.replacements, "replacement"))
    if counts.requests:
        facts.append(output.count(counts.requests, "HTTP request"))
    if counts.out_of_order:
        facts.append(f"{output.count(counts.out_of_order, 'frame')} out of order")
    line = f"  {', '.join(facts)}"
    echo_prose(coloured(line, marked, GAP) if counts.gaps else line, err=err)
    for further in (*_shipped(summary.shipping), *(f"missing: {one}" for one in missing_lines(summary.subscribed))):
        echo_prose(f"  {further}", err=err)
