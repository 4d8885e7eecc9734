"""Recorders that are killed and started again, as a supervisor does, and what is known of them from outside."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from .noting_recorder import has_received, make_notes

__all__ = ["Exit", "Kill", "Resident", "Supervised", "is_in_use"]

_ROOT = Path(__file__).parents[1]
_PATIENCE = 180.0
_AGAIN = 0.5  # seconds
_RUN = "SOAK_RUN"
"""The environment variable that says of which run a process is."""


class Resident(NamedTuple):
    """How much memory a process had at a moment of the steady clock: seconds and bytes."""

    time: float
    size: int


class Exit(NamedTuple):
    """A process ended: when, in nanoseconds of the steady clock, with which code, and the last that it said."""

    time: int
    code: int
    said: str


class Kill(NamedTuple):
    """
    A process was killed.

    Attributes:
        time: When, in nanoseconds of the steady clock: a moment before it was.
        run: Which one: the path under which it connected.
        notes: The file with when it received what.

    """

    time: int
    run: str
    notes: Path


class Supervised:
    """
    `feedrec record`, started again whenever it is gone with all its processes, until `stop` is called.

    Each run connects under a path of its own, by which its venue knows it: `mortal.3` of the log `mortal.log`.

    Args:
        url: Where all of them connect; their path is added.
        arguments: What follows `record`.
        folder: Where it runs.
        log: What it says goes there; notes of when it received what, beside that.
        environment: More variables.
        most: Frames that it receives at most until it is killed; 0 if it is not, so that nobody needs to know when.

    Attributes:
        kills: What killed it.
        exits: Where it was not killed.

    """

    def __init__(
        self,
        url: str,
        arguments: Sequence[str],
        folder: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        most: int = 0,
    ) -> None:
        self.kills: list[Kill] = []
        self.exits: list[Exit] = []
        self._url, self._arguments = url, arguments
        self._most = most
        self._starts = 0
        self._folder, self._log = folder, log
        self._environment = {**os.environ, "PYTHONPATH": str(_ROOT), **(environment or {})}
        self._changing = threading.Lock()
        self._is_over = False
        self._process: subprocess.Popen[bytes] | None = None
        self._supervising = threading.Thread(target=self._supervise, daemon=True)
        self._supervising.start()

    def kill(self) -> bool:
        """Kill it with SIGKILL; return whether it was there."""
        with self._changing:
            if self._process is None or self._process.poll() is not None:
                return False
            self.kills.append(Kill(time.monotonic_ns(), self._run, self._notes))
            self._process.kill()
            self._process.wait()
            return True

    def restart(self) -> None:
        """Kill it once it runs, and wait until the next one has received something; only of one that may be killed."""
        deadline = time.monotonic() + _PATIENCE
        while not self.kill() and time.monotonic() < deadline:
            time.sleep(0.05)
        starts = self._starts
        while time.monotonic() < deadline:
            if self._starts > starts and self._notes.exists() and has_received(self._notes):
                return
            time.sleep(0.05)

    def stop(self) -> None:
        """Have it end as Ctrl-C does, and leave it so; one that does not end is killed."""
        with self._changing:
            self._is_over = True
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(signal.SIGINT)
        self._supervising.join(_PATIENCE)
        if self._supervising.is_alive() and self._process is not None:
            self._process.kill()  # which is none of the kills that it must bear
            self._supervising.join()

    def resident(self) -> Resident | None:
        """Return how much memory it has now; None while it is not running."""
        with contextlib.suppress(OSError, AttributeError):
            found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self._process.pid}/status").read_text())  # type: ignore[union-attr]
            if found is not None:
                return Resident(time.monotonic(), int(found[1]) * 1024)
        return None

    @property
    def process(self) -> int | None:
        """The process that is there, or was there last; None before the first."""
        return None if self._process is None else self._process.pid

    @property
    def variable(self) -> str:
        """What the processes of the run that is there have in their environment, as `NAME=value`."""
        return f"{_RUN}={self._notes}"

    def _last_line(self) -> str:
        return (self._log.read_text().splitlines() or [""])[-1]

    @property
    def _run(self) -> str:
        return f"{self._log.stem}.{self._starts}"

    @property
    def _notes(self) -> Path:
        return self._log.with_name(f"{self._run}.notes")

    def _command(self) -> list[str]:
        """Return how it is started once more."""
        self._starts += 1
        recording = ["record", "--url", f"{self._url}/{self._run}", *self._arguments]
        if not self._most:
            return [sys.executable, "-m", "feedrec", *recording]
        make_notes(self._notes, self._most)
        return [sys.executable, "-m", "soak.noting_recorder", str(self._notes), *recording]

    def _supervise(self) -> None:
        with self._log.open("ab") as log:
            while True:
                with self._changing:
                    if self._is_over:
                        return
                    command = self._command()
                    name, _, value = self.variable.partition("=")
                    environment = {**self._environment, name: value}
                    self._process = subprocess.Popen(command, cwd=self._folder, env=environment, stdout=log, stderr=log)
                code = self._process.wait()
                if code != -signal.SIGKILL:
                    self.exits.append(Exit(time.monotonic_ns(), code, self._last_line()))
                self._wait_for_the_rest()
                time.sleep(_AGAIN)

    def _wait_for_the_rest(self) -> None:
        """Wait until the processes that it had started have ended, as they do by themselves: they have locks."""
        deadline = time.monotonic() + _PATIENCE
        while is_in_use(self.variable) and time.monotonic() < deadline:
            time.sleep(0.05)


def is_in_use(variable: str) -> bool:
    """Tell whether any process has `NAME=value` in its environment; elsewhere than on Linux, nobody can tell."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if variable.encode() in path.read_bytes().split(b"\0"):
                return True
    return False
