"""A scheduler and workers of Dask as processes of their own, which a test kills."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import msgspec
from distributed import Client

from tests.timing import HANG_TIMEOUT, wait_until

__all__ = ["Cluster", "killing"]

_ROOT = Path(__file__).parents[2]
_DASK = [str(Path(sys.executable).parent / "dask")]
_QUIET = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}


class Cluster:
    """
    A scheduler, and workers of one thread each with nannies, which start them again. Use it in a `with` block.

    Args:
        folder: An empty folder, for what they write.
        workers: How many.

    Attributes:
        address: Of the scheduler.
        scheduler: Its process.

    """

    address: str
    scheduler: subprocess.Popen[bytes]

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._number = workers
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            told = self._folder / "scheduler.json"
            place = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"]
            self.scheduler = self._start(stack, "scheduler", *place, "--scheduler-file", str(told))
            wait_until(lambda: self._told(told))
            self.address = self._told(told)["address"]
            if self._number:
                room = ["--nworkers", str(self._number), "--nthreads", "1", "--no-dashboard", "--memory-limit", "0"]
                room += ["--local-directory", str(self._folder), "--preload", "tests.dask.poison"]
                nannies = self._start(stack, "worker", self.address, *room)
                self._nannies = nannies.pid
                with Client(self.address, set_as_default=False) as client:
                    client.wait_for_workers(self._number, HANG_TIMEOUT)  # its nanny ends if one is killed before that
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def workers(self) -> list[int]:
        """Return the processes of the workers that have begun to run."""
        children = Path(f"/proc/{self._nannies}/task").glob("*/children")
        return [int(pid) for path in children for pid in path.read_text().split() if _is_worker(int(pid))]

    def _start(self, stack: ExitStack, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                [*_DASK, *arguments],
                cwd=_ROOT,
                env={**os.environ, **_QUIET, "PYTHONPATH": str(_ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        stack.callback(process.wait, HANG_TIMEOUT)
        stack.callback(_end_group, process.pid)
        return process

    @staticmethod
    def _told(path: Path) -> dict[str, Any]:
        with contextlib.suppress(OSError, msgspec.DecodeError):
            told: dict[str, Any] = msgspec.json.decode(path.read_bytes())
            return told
        return {}


@contextlib.contextmanager
def killing(cluster: Cluster, kills: int, chance: random.Random, within: Path | None = None) -> Iterator[list[int]]:
    """
    Kill workers at random while the block runs; give those that were killed, as they are.

    Args:
        cluster: Theirs.
        kills: How many at most.
        chance: Says when, and which.
        within: A folder: only who has something open there just then is killed. None if any is.

    """
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while len(killed) < kills and not over.wait(chance.uniform(0.02, 0.3)):
            workers = [one for one in sorted(set(cluster.workers()) - set(killed)) if _has_open(one, within)]
            if workers:
                killed.append(chance.choice(workers))
                with contextlib.suppress(ProcessLookupError):
                    os.kill(killed[-1], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _has_open(process: int, folder: Path | None) -> bool:
    if folder is None:
        return True
    with contextlib.suppress(OSError):
        return any(one.readlink().is_relative_to(folder) for one in Path(f"/proc/{process}/fd").iterdir())
    return False


def _is_worker(process: int) -> bool:
    with contextlib.suppress(OSError):
        return b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
    return False


def _end_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
