"""Running the two sides of a measurement in processes of their own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Cost", "first_line_of", "run"]


class Cost(NamedTuple):
    """What a process took, in seconds."""

    cpu: float
    wall: float


def run(*arguments: str) -> Cost:
    """Run `python -m ...` to its end; give what it cost, start-up included."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.perf_counter() - started)


@contextlib.contextmanager
def first_line_of(*arguments: str) -> Iterator[str]:
    """Run `python -m ...` in the background; give the first line that it prints."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
