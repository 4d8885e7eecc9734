"""
What the supervisor of a service is told: that the recorder is ready, how it stands, and that it is alive.

The protocol is that of systemd (sd_notify(3), sd_watchdog_enabled(3)), which other supervisors speak too: datagrams to
the socket that $NOTIFY_SOCKET names. It is little, and the packages that wrap it have not been released for years.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, MutableMapping
from typing import TYPE_CHECKING, Protocol

from ...recorder.session.summary import RunState
from ..live.repeating import repeating

if TYPE_CHECKING:
    from ...recorder import Progress

__all__ = ["STATUS_EVERY", "Heartbeat", "Supervisor", "supervised"]

STATUS_EVERY = 5.0
"""Seconds between two reports of how the run stands."""

_HUNG_AFTER = 10.0  # seconds in which the event loop did nothing
_MICROSECONDS = 1e6
_SHORTEST, _LONGEST = 0.05, 1.0  # seconds between two looks

log = logging.getLogger("feedrec")


class _Run(Protocol):
    @property
    def progress(self) -> Progress:
        """How it stands."""


class Supervisor:
    """
    The socket of a supervisor.

    Args:
        address: Its path; one that begins with `@` is in the abstract namespace.
        watchdog: Seconds within which it must hear that the process is alive; None if it does not ask.

    """

    def __init__(self, address: str, watchdog: float | None = None) -> None:
        self.watchdog = watchdog
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._has_failed = False

    @classmethod
    def of_environment(cls, environment: MutableMapping[str, str]) -> Supervisor | None:
        """Return the supervisor of this process, if it has one; commands that it runs are not to speak for it."""
        address = environment.pop("NOTIFY_SOCKET", "")
        watchdog, process = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", "")
        if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
            return None
        is_ours = watchdog.isdigit() and process in ("", str(os.getpid()))
        return cls(address, int(watchdog) / _MICROSECONDS or None if is_ours else None)

    def tell(self, *assignments: str) -> None:
        """Tell it something: `READY=1`. A supervisor that does not listen is no reason to stop recording."""
        text = "\n".join(one.replace("\n", " ") for one in assignments)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(text.encode(errors="replace"), self._address)
        except OSError as error:
            if not self._has_failed:
                self._has_failed = True
                log.warning("the supervisor cannot be told how the recorder is (%s)", error.strerror)


class Heartbeat:
    """
    Tells a supervisor that the process is alive, from a thread: while the event loop beats, and after it has ended.

    What is done with the last files, after the loop, may take minutes; that is no reason to kill the process.

    Args:
        supervisor: Is told.
        now: Seconds of a clock that never steps.

    """

    def __init__(self, supervisor: Supervisor, now: Callable[[], float] = time.monotonic) -> None:
        self._supervisor, self._now = supervisor, now
        self._last = now()
        self._is_over = False

    @property
    def is_alive(self) -> bool:
        """Whether the event loop has beaten lately, or is over."""
        return self._is_over or self._now() - self._last < _HUNG_AFTER

    def start(self) -> None:
        """Begin, if the supervisor asks for it."""
        if self._supervisor.watchdog is not None:
            threading.Thread(target=self._work, name="feedrec-watchdog", daemon=True).start()

    def beat(self) -> None:
        """Say that the event loop turns."""
        self._last = self._now()

    def end(self) -> None:
        """Say that the event loop has done all that it had to do."""
        self._is_over = True

    def _work(self) -> None:
        interval = (self._supervisor.watchdog or 0) / 3
        while True:
            if self.is_alive:
                self._supervisor.tell("WATCHDOG=1")
            time.sleep(interval)


@contextlib.asynccontextmanager
async def supervised(run: _Run, describe: Callable[[Progress, Progress], str]) -> AsyncIterator[None]:
    """
    Keep the supervisor of this process informed about a run, if there is one, while the block lasts.

    Args:
        run: What runs.
        describe: Says how it stands, in one line, from how it stood before and stands now.

    """
    supervisor = Supervisor.of_environment(os.environ)
    if supervisor is None:
        yield
        return
    heartbeat = Heartbeat(supervisor)
    heartbeat.start()
    report = _Report(supervisor, run, describe)

    def look() -> None:
        heartbeat.beat()
        report.look(time.monotonic())

    try:
        async with repeating(look, min(_LONGEST, max((supervisor.watchdog or _LONGEST) / 3, _SHORTEST))):
            yield
    finally:
        heartbeat.end()
        supervisor.tell("STOPPING=1", "STATUS=finishing")


class _Report:
    """Tells a supervisor when a run is ready, and now and then how it stands."""

    def __init__(self, supervisor: Supervisor, run: _Run, describe: Callable[[Progress, Progress], str]) -> None:
        self._supervisor, self._run, self._describe = supervisor, run, describe
        self._before = run.progress
        self._is_ready = False
        self._next = 0.0

    def look(self, now: float) -> None:
        """Tell what there is to tell at a time of the steady clock, in seconds."""
        progress = self._run.progress
        is_up = progress.counts.connections > 0 or progress.state == RunState.IDLE  # there is nothing to connect to
        becomes_ready = not self._is_ready and is_up
        if now < self._next and not becomes_ready:
            return
        self._next = now + STATUS_EVERY
        self._is_ready |= becomes_ready
        status = f"STATUS={self._describe(self._before, progress)}"
        self._before = progress
        self._supervisor.tell(*(["READY=1"] if becomes_ready else []), status)
