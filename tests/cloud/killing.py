"""Processes that are killed at random, and started again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.timing import HANG_TIMEOUT

__all__ = ["Again", "kill_at_random", "kill_uploader"]

_UPLOADER = b"feedrec.cli.recording.ship_process"


class Again:
    """
    A command of feedrec that is run again and again until `stop`.

    Args:
        arguments: Of the command.
        log: What it says goes there.
        environment: More variables.

    Attributes:
        codes: How often it ended with which exit code.

    """

    def __init__(self, arguments: Sequence[object], log: Path, environment: Mapping[str, str]) -> None:
        self.codes = Counter[int]()
        self._command = [sys.executable, "-m", "feedrec", *map(str, arguments)]
        self._log, self._environment = log, {**os.environ, **environment}
        self._is_over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def kill(self) -> bool:
        """Kill it with SIGKILL; return whether it was there."""
        process = self._process
        if process is None or process.poll() is not None:
            return False
        process.kill()
        return True

    def stop(self) -> None:
        """Let the one that runs end, and start none."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        with self._log.open("ab") as log:
            while not self._is_over.wait(0.2):
                self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=log)
                self.codes[self._process.wait(10 * HANG_TIMEOUT)] += 1


def kill_uploader(variable: str) -> bool:
    """Kill the process that uploads for a recorder, which has `NAME=value` in its environment, as it has too."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if _UPLOADER in (process / "cmdline").read_bytes() and variable.encode() in environment:
                os.kill(int(process.name), signal.SIGKILL)
                return True
    return False


def kill_at_random(
    victims: Mapping[str, Callable[[], bool]],
    kills: int,
    chance: random.Random,
    apart: tuple[float, float],
    between: Callable[[int], None],
) -> Counter[str]:
    """
    Kill one of several so many times in all.

    Args:
        victims: What kills each, and returns whether it was there to be killed.
        kills: How often.
        chance: What chooses whom, and when.
        apart: Seconds between two, at least and at most.
        between: Called before each with how many there were.

    """
    killed = Counter[str]()
    while (count := killed.total()) < kills:
        between(count)
        time.sleep(chance.uniform(*apart))
        name = chance.choice(sorted(victims))
        deadline = time.monotonic() + HANG_TIMEOUT
        while not victims[name]():
            assert time.monotonic() < deadline, f"{name} is not there, after {dict(killed)}"
            time.sleep(0.01)
        killed[name] += 1
    return killed
