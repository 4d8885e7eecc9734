"""Running the two sides of a measurement in processes of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Cost", "Server", "run", "serving"]

_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
_PATIENCE = 600


class Cost(NamedTuple):
    """What a process took, in seconds, and what it printed."""

    cpu: float
    wall: float
    output: str


class Server(NamedTuple):
    """A process that serves; `url` was the first line that it printed."""

    url: str
    process: subprocess.Popen[str]

    def last_line(self) -> str:
        """Wait until it ends by itself; give the last line that it printed."""
        output, _ = self.process.communicate(timeout=_PATIENCE)
        return output.strip().splitlines()[-1]


def run(*arguments: object) -> Cost:
    """Run `python -m ...` to its end; start-up counts."""
    started = time.perf_counter()
    with _start(arguments) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments} failed with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started, output)


@contextlib.contextmanager
def serving(*arguments: object) -> Iterator[Server]:
    """Run `python -m ...` beside the measurement, until the end of the block."""
    with _start(arguments) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process)
        finally:
            process.terminate()


def _start(arguments: tuple[object, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT)
