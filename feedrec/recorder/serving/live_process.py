"""A process that serves, or knows the states: started, watched, and started again; nothing waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Mapping

from ...live_messages import Told, read_told
from ...visible import with_escapes
from ..backoff import Backoff
from .parcel_pipe import ParcelPipe

__all__ = ["MOST_WAITING", "LiveProcess"]

MOST_WAITING = 64 << 20
"""Bytes that may wait for a process: a dozen snapshots."""

PATIENCE = 5.0
"""Seconds that it has to end when it is told to: its clients get a goodbye."""

_LOOK = 0.25  # seconds between looks at how much waits
_LASTED = 10.0  # seconds after which the next attempt is a quick one
_FIRST, _LONGEST = 0.1, 5.0  # seconds until it is started again
_SAID = 2000  # bytes of its last words

log = logging.getLogger("feedrec")


class LiveProcess:
    """
    A process, as the recorder sees it.

    Args:
        name: What it is called in the log.
        arguments: Returns what follows `python -P` at each start.
        on_start: Called with the socket to it when it was started: what it is to know first is put there.
        on_end: Called with that when it is over.
        on_told: Called with what it tells.
        environment: Its environment.
        pause: Seconds for which what is sent to it may wait for more.
        backoff: Gives the seconds until it is started again.

    Attributes:
        pipe: The socket to it; None while it is not there.
        starts: How often it was started.
        said: Why it ended last.
        was_killed: Whether that was by a signal: of what it does, it says nothing.
        is_awaited: Whether somebody waits for it, who will say that it failed.

    """

    def __init__(
        self,
        name: str,
        arguments: Callable[[], list[str]],
        on_start: Callable[[ParcelPipe], object],
        on_end: Callable[[ParcelPipe], object],
        on_told: Callable[[Told], object],
        *,
        environment: Mapping[str, str],
        pause: float = 0.0,
        backoff: Backoff | None = None,
    ) -> None:
        self.name, self._arguments = name, arguments
        self._on_start, self._on_end, self._on_told = on_start, on_end, on_told
        self._environment, self._pause = environment, pause
        self._backoff = backoff or Backoff(_FIRST, _LONGEST)
        self.pipe: ParcelPipe | None = None
        self.starts = 0
        self.said = ""
        self.was_killed = False
        self._is_over = asyncio.Event()  # this one is to be ended, for `_why`
        self._why = ""
        self.is_awaited = False

    async def run(self) -> None:
        """Have it there until cancelled; then it is told to end, and waited for a moment."""
        logged = ""
        while True:
            started = time.monotonic()
            try:
                self.said = await self._live()
            except OSError as error:
                self.said = f"cannot be started: {error}"
            if time.monotonic() - started >= _LASTED:
                self._backoff.reset()
                logged = ""
            is_told = self.was_killed or not self.is_awaited
            if self.said != logged and is_told:  # the same again, every few seconds, is said once
                log.warning("%s %s; it is started again, and the recording goes on", self.name, self.said)
                logged = self.said
            await asyncio.sleep(self._backoff.next_delay())

    async def _live(self) -> str:
        """Start it; return why it is over."""
        self._is_over.clear()
        self._why = ""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await self._start(theirs)
        except BaseException:
            ours.close()
            raise
        pipe = self.pipe = ParcelPipe(ours, self._take, self._is_over.set, self._pause)
        self.starts += 1
        last_words = asyncio.ensure_future(_last_words(process.stderr))
        try:
            self._on_start(pipe)
            await self._until_over(process, pipe)
        except asyncio.CancelledError:
            self.pipe = None
            self._on_end(pipe)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    pipe.end()
                    await process.wait()
            raise
        finally:
            self.pipe = None
            self._on_end(pipe)
            pipe.close()
            await _end(process)
            last_words.cancel()
        self.was_killed = not self._why and (process.returncode or 0) < 0
        said = "" if not last_words.done() or last_words.cancelled() else last_words.result()
        return self._why or _ended(process.returncode, said)

    async def _start(self, theirs: socket.socket) -> asyncio.subprocess.Process:
        paths = map(os.path.abspath, sys.path)  # what can be imported here can be imported there
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *self._arguments()),
            stdin=theirs.fileno(),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for the recorder
            env={**self._environment, "PYTHONPATH": os.pathsep.join(paths)},
        )

    async def _until_over(self, process: asyncio.subprocess.Process, pipe: ParcelPipe) -> None:
        """Wait until it has ended, or is to be ended."""
        waits = [asyncio.ensure_future(process.wait()), asyncio.ensure_future(self._is_over.wait())]
        try:
            while not (await asyncio.wait(waits, timeout=_LOOK, return_when=asyncio.FIRST_COMPLETED))[0]:
                if pipe.waiting > MOST_WAITING:
                    self._why = f"does not keep up ({pipe.waiting >> 20} MiB wait for it)"
                    return
            with contextlib.suppress(TimeoutError):  # its end of the socket is closed a moment before it has ended
                async with asyncio.timeout(PATIENCE / 5):
                    await process.wait()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    def _take(self, line: bytes) -> None:
        """Take what it tells; one that says what it should not is ended."""
        try:
            told = read_told(line)
        except ValueError as error:
            self._why = f"says what it should not ({with_escapes(str(error))})"
            self._is_over.set()
            return
        self._on_told(told)


async def _last_words(stderr: asyncio.StreamReader | None) -> str:
    """Return the last line that a process writes to stderr."""
    said = b""
    while stderr is not None and (piece := await stderr.read(_SAID)):
        said = (said + piece)[-_SAID:]
    lines = said.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a process at once, if it has not ended."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


def _ended(code: int | None, said: str) -> str:
    how = "was killed" if code is not None and code < 0 else f"ended with {code}"
    return f"{how}: {with_escapes(said)}" if said else how
