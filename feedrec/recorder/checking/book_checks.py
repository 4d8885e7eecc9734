"""
The recorder's end of the process that checks what a venue sent.

Nothing waits for that process. Frames for it are copied into a buffer, which the event loop empties as it takes them.
If that is too slow, frames are left out until it has caught up: what is recorded is never held up, and what was not
checked is told, by an `unchecked` event.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, cast

import msgspec

from ...errors import UsageError
from ...feeds import Feed, Notice
from ...feeds.checking import FrameCheck
from ...formats.line.frame_run import Read
from ...model import FrameInfo, FrameInfos, kinds_of
from .check_frames import forgetting, parts_of
from .check_process import Told

__all__ = ["MOST_WAITING", "BookChecks", "checks_of"]

MOST_WAITING = 64 << 20
"""Bytes that may wait for the process: a dozen snapshots."""

PATIENCE = 2.0
"""Seconds that it gets at the end of a run for what waits then."""

_MODULE = "feedrec.recorder.checking.check_process"

log = logging.getLogger("feedrec")

Report = Callable[[Sequence[Notice]], object]


def checks_of(feed: Feed) -> Sequence[FrameCheck]:
    """
    Return what can be checked of what a feed sends.

    Raises:
        UsageError: If that is nothing.

    """
    checks: Sequence[FrameCheck] = getattr(feed, "checks", list)()  # a plug-in's own feed need not have it
    if not checks:
        raise UsageError(f"nothing that {feed.name} sends can be checked: leave out --verify-books")
    return checks


class BookChecks:
    """
    Has the frames of a run checked.

    Args:
        feed: What its endpoint speaks.
        most_waiting: Bytes that may wait for the process.

    Raises:
        UsageError: If there is nothing in its frames that can be checked.

    """

    def __init__(self, feed: Feed, most_waiting: int = MOST_WAITING) -> None:
        self._endpoint = feed.name
        self._channels = frozenset(channel for check in checks_of(feed) for channel in check.channels)
        self._most_waiting = most_waiting
        self._reports: dict[int, Report] = {}
        self._early: list[bytes] | None = []  # until there is a process
        self._early_bytes = 0
        self._transport: asyncio.WriteTransport | None = None
        self._left_out: dict[int, int] = {}  # frames, by connection

    def follow(self, conn: int, report: Report) -> None:
        """Report what is found on a connection to a function, until it is closed."""
        self._reports[conn] = report

    def closed(self, conn: int) -> None:
        """Take note that a connection is over."""
        self._reports.pop(conn, None)
        self._left_out.pop(conn, None)
        self._give([forgetting(conn)])

    def frames(self, conn: int, reads: Sequence[Read], infos: Sequence[FrameInfo]) -> None:
        """Have frames checked that were recorded, with the times of their reads and their descriptions."""
        if self._early is None and self._transport is None:
            return
        are_checked = [kind.channel in self._channels for kind in kinds_of(infos)]
        if not any(are_checked):
            return
        if not all(are_checked):  # else nearly all frames of a book are taken without a look at each
            kept = [are_checked[which] for which in infos.which] if isinstance(infos, FrameInfos) else are_checked
            chosen = iter(kept)
            reads = [(time, list(compress(payloads, chosen))) for time, payloads in reads]
        parts: list[bytes] = []
        frames = 0
        for time, payloads in reads:
            if payloads:
                parts += parts_of(conn, time, payloads)
                frames += len(payloads)
        if not frames:  # a kind that none is of
            return
        if self._left_out:
            self._catch_up()
        if self._left_out or self._waiting > self._most_waiting:
            self._left_out[conn] = self._left_out.get(conn, 0) + frames
        else:
            self._give(parts)

    async def run(self) -> None:
        """Check until cancelled; then what waits is checked for a moment more. Whatever fails ends the check alone."""
        try:
            process = await self._begin()
        except OSError as error:
            self._end(f"no process can be started ({error})")
            return
        try:
            await self._listen(process)
            self._end("the process that does it ended")
        except (msgspec.DecodeError, ValueError) as error:  # of no line that it writes
            self._end(f"the process that does it says what it should not ({error})")
        except asyncio.CancelledError:
            self._transport = None
            with contextlib.suppress(OSError, TimeoutError, msgspec.DecodeError, ValueError):
                async with asyncio.timeout(PATIENCE):
                    cast(asyncio.StreamWriter, process.stdin).close()
                    await self._listen(process)
            raise
        finally:
            await _end_process(process)

    @property
    def _waiting(self) -> int:
        return self._early_bytes if self._transport is None else self._transport.get_write_buffer_size()

    async def _begin(self) -> asyncio.subprocess.Process:
        """Start the process, and give it what came meanwhile."""
        paths = map(os.path.abspath, sys.path)  # what can be imported here can be imported there
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _MODULE, self._endpoint),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the recorder
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._transport = cast(asyncio.StreamWriter, process.stdin).transport
        early, self._early = self._early or [], None
        self._give(early)
        return process

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Report what it finds, until it ends."""
        lines = cast(asyncio.StreamReader, process.stdout)
        while line := await lines.readline():
            told = msgspec.json.decode(line, type=Told)
            finding, report = told.finding, self._reports.get(told.conn)
            if report is None:
                log.warning("%s; the connection is over by now", finding.text)
            else:
                report([Notice(finding.text, "warning", finding.event, finding.details)])

    def _give(self, parts: list[bytes]) -> None:
        if self._early is not None:
            self._early += parts
            self._early_bytes += sum(map(len, parts))
        elif self._transport is not None:
            self._transport.write(b"".join(parts))

    def _catch_up(self) -> None:
        """Go on after frames were left out, if there is room again, and say so."""
        if self._waiting > self._most_waiting // 2:
            return
        left_out, self._left_out = self._left_out, {}
        for conn, count in left_out.items():
            self._give([forgetting(conn)])
            self._tell(
                conn, f"the check of books does not keep up: {count} frames are recorded, but not checked", count
            )

    def _tell(self, conn: int, text: str, frames: int) -> None:
        """Report frames that were not checked, outside of what is being written at this moment."""
        details: dict[str, Any] = {"frames": frames}
        report = self._reports.get(conn)
        if report is not None:
            asyncio.get_running_loop().call_soon(report, [Notice(text, "warning", "unchecked", details)])

    def _end(self, why: str) -> None:
        self._early, self._transport = None, None
        log.warning("books are not checked any more: %s; the recording goes on", why)


async def _end_process(process: asyncio.subprocess.Process) -> None:
    """Wait for the process to end, as it does when there is no more to read; end it if it does not."""
    cast(asyncio.StreamWriter, process.stdin).close()
    try:
        async with asyncio.timeout(PATIENCE / 4):
            await process.wait()
    except TimeoutError:  # only now: to signal a process that has ended confuses asyncio, which is about to see that
        process.kill()
        await process.wait()
