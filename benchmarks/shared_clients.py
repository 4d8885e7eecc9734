"""CPU time of `feedrec replay --clock shared` for ten clients, against one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from .material import Row, repeated
from .processes import run, serving

__all__ = ["rows"]

FRAMES = 200_000
CLIENTS = 10


def rows(folder: Path, *, quick: bool) -> Iterator[Row]:
    """Send all frames to clients that only read; compare the CPU time per frame sent."""
    path = folder / "shared.jsonl.zst"
    count = len(repeated(path, FRAMES // (5 if quick else 1)))
    for mode in ("verbatim", "venue"):
        one = _cpu(path, mode, 1) / count
        many = _cpu(path, mode, CLIENTS) / (count * CLIENTS)
        what = f"{CLIENTS} clients with --clock shared, {mode}: CPU per frame sent"
        yield Row(what, f"{one * 1e6:.2f} us", f"{many * 1e6:.2f} us", many / one)


def _cpu(path: Path, mode: str, clients: int) -> float:
    """Return the CPU time of the server in seconds, including start-up."""
    arguments = ("--port", 0, "--mode", mode, "--clock", "shared", "--settle", 0.5, "--at-end", "exit", "-qq")
    with serving("feedrec", "replay", path, *arguments) as server:
        run("benchmarks.many_clients", server.url, clients)
        _, status, usage = os.wait4(server.process.pid, 0)
        server.process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime
