"""Running the two sides of a measurement in separate processes."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "Cost",
    "Server",
    "child_of",
    "cpu_so_far",
    "cpu_to_the_end",
    "free_port",
    "peak_of",
    "run",
    "serving",
    "spent",
]

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
"""With which these modules can be run from any folder."""

_PATIENCE = 300
"""Seconds after which a process that has not ended is killed, and its group has failed."""


class Cost(NamedTuple):
    """The time that a process took, in seconds, and its output."""

    cpu: float
    wall: float
    output: str


class Server(NamedTuple):
    """A server process; `url` was the first line of its output."""

    url: str
    process: subprocess.Popen[str]

    def last_line(self) -> str:
        """Wait until it exits; return the last line of its output."""
        output, _ = self.process.communicate(timeout=_PATIENCE)
        return output.strip().splitlines()[-1]


def run(*arguments: object, environment: Mapping[str, str] | None = None) -> Cost:
    """Run `python -m ...` to its end, with some variables of the environment set; the cost includes start-up."""
    started = time.perf_counter()
    with _start(arguments, environment or {}) as process:
        assert process.stdout is not None
        with _impatience(process):
            output = process.stdout.read()
            cpu = cpu_to_the_end(process)
    return Cost(cpu, time.perf_counter() - started, output)


def spent(*arguments: object) -> float:
    """Run `python -m ...` to its end, without what it prints; return the CPU time in seconds, start-up included."""
    with _start(arguments, {}, subprocess.DEVNULL) as process, _impatience(process):
        return cpu_to_the_end(process)


@contextlib.contextmanager
def serving(*arguments: object) -> Iterator[Server]:
    """Run `python -m ...` in the background until the end of the block; it may be written to."""
    with _start(arguments, {}, takes_input=True) as process:
        assert process.stdout is not None
        try:
            yield Server(process.stdout.readline().strip(), process)
        finally:
            process.terminate()


@contextlib.contextmanager
def peak_of(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """
    Watch the peak memory of a process; the list has it in bytes at the end of the block, 0 if it cannot be told.

    What wait4 says is no less than what this process has: a child begins as its copy.
    """
    peak, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            with contextlib.suppress(OSError):
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
                peak[0] = peak[0] if found is None else int(found[1]) * 1024  # of one that has ended there is none

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield peak
    finally:
        ended.set()
        watching.join()


def cpu_so_far(process: int) -> float:
    """Return the CPU seconds that a process has used so far (proc(5), stat)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def child_of(parent: int, module: str) -> int | None:
    """Return a child of a process that has a module's name in its command line; None if there is none now."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            is_child = int((path / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if is_child and module.encode() in (path / "cmdline").read_bytes():
                return int(path.name)
    return None


def free_port() -> int:
    """Return a port of 127.0.0.1 at which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _start(
    arguments: tuple[object, ...],
    environment: Mapping[str, str],
    output: int = subprocess.PIPE,
    *,
    takes_input: bool = False,
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", *map(str, arguments)]
    source = subprocess.PIPE if takes_input else None
    return subprocess.Popen(command, stdin=source, stdout=output, text=True, env={**ENVIRONMENT, **environment})


@contextlib.contextmanager
def _impatience(process: subprocess.Popen[str]) -> Iterator[None]:
    """Kill a process if the block takes too long."""
    timer = threading.Timer(_PATIENCE, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def cpu_to_the_end(process: subprocess.Popen[str]) -> float:
    """Wait until a process has ended; return the CPU time that it took in seconds."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} failed with {process.returncode}")
    return usage.ru_utime + usage.ru_stime
