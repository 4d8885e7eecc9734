"""
Has tasks done by processes of this machine.

Each is a Python of its own (spawned, not forked), and does one task at a time. One that dies is replaced, and its task
is begun again; a task with which three died is failed. All end when this one does, however it ends.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import msgspec

from ..errors import FeedrecError, UsageError
from .task import MOST_DEATHS, Result, Status, Task, Work

__all__ = ["ProcessEngine"]

_STEP = 0.2
"""Seconds between two calls of who waits."""

_MOST_EMPTY_DEATHS = 3
"""Workers that may die one after another before they have a task: then something is wrong with all of them."""


class ProcessEngine:
    """
    Has tasks done by processes.

    Args:
        workers: How many there are at a time.
        on_waiting: Called again and again while tasks are done; if it raises, all ends.

    Raises:
        UsageError: If that is less than one.

    """

    def __init__(self, workers: int, on_waiting: Callable[[], object] = lambda: None) -> None:
        if workers < 1:
            raise UsageError("a batch needs one worker at least")
        self._workers, self._on_waiting = workers, on_waiting

    def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
        """
        Yield the result of each task; see `Engine`.

        Raises:
            FeedrecError: If workers die before they have a task.

        """
        pool = _Pool(min(self._workers, len(tasks)), work)
        try:
            yield from pool.results(tasks, self._on_waiting)
        finally:
            pool.kill()


class _Worker:
    """A process, the pipe to it, and what it does."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self.pipe: Connection = ours
        self.process: SpawnProcess = context.Process(target=_serve, args=(theirs, work), daemon=True)
        self.task: Task | None = None
        self.is_ready = False
        # A Ctrl-C is for all processes of a terminal: it must not find one that is still being made.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def begin(self, task: Task) -> None:
        self.task = task
        with contextlib.suppress(OSError):  # it has died, which shows when it is asked
            self.pipe.send_bytes(msgspec.msgpack.encode(task))

    def heard(self) -> Result | bool:
        """Return what came of the task; else whether it is alive, as it says first."""
        try:
            said = self.pipe.recv_bytes()
        except (EOFError, OSError):
            return False
        self.is_ready = True
        return msgspec.msgpack.decode(said, type=Result) if said else True

    def end(self) -> str:
        """End it, and say how it had died."""
        self.process.join(_STEP)
        self.process.kill()
        self.process.join()
        self.pipe.close()
        code = self.process.exitcode or 0
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self.process.close()
        return how


class _Pool:
    def __init__(self, count: int, work: Work) -> None:
        self._work, self._count = work, count
        self._workers: list[_Worker] = []
        self._deaths: dict[str, int] = {}
        self._empty_deaths = 0

    def results(self, tasks: Sequence[Task], on_waiting: Callable[[], object]) -> Iterator[Result]:
        waiting = deque(tasks)
        while len(self._workers) < self._count:
            self._workers.append(_Worker(self._work))
        while waiting or any(worker.task for worker in self._workers):
            for worker in self._workers:
                if worker.is_ready and worker.task is None and waiting:
                    worker.begin(waiting.popleft())
            pipes = {worker.pipe: worker for worker in self._workers}
            for pipe in wait(list(pipes), _STEP):
                result = self._take(pipes[pipe], waiting)  # type: ignore[index]
                if result is not None:
                    yield result
            on_waiting()

    def kill(self) -> None:
        """End all workers at once; what they leave is theirs no longer."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _take(self, worker: _Worker, waiting: deque[Task]) -> Result | None:
        """Take what a worker says, or that it is dead; return what came of its task, if anything did."""
        heard, task = worker.heard(), worker.task
        if heard is False:
            self._workers.remove(worker)
            failed = self._died(task, worker.end(), waiting)
            self._workers.append(_Worker(self._work))
            return failed
        self._empty_deaths = 0
        if heard is True or task is None:
            return None
        worker.task = None
        return msgspec.structs.replace(heard, deaths=self._deaths.get(task.key, 0))

    def _died(self, task: Task | None, how: str, waiting: deque[Task]) -> Result | None:
        """Have the task of a dead worker begun again, or return that it failed."""
        if task is None:
            self._empty_deaths += 1
            if self._empty_deaths >= _MOST_EMPTY_DEATHS:
                raise FeedrecError(f"the processes of this batch die before they have a task ({how})")
            return None
        deaths = self._deaths[task.key] = self._deaths.get(task.key, 0) + 1
        if deaths < MOST_DEATHS:
            waiting.appendleft(task)
            return None
        reason = f"{deaths} workers died with it, the last one {how}"
        return Result(task.key, Status.FAILED, reason, deaths=deaths)


def _serve(pipe: Connection, work: Work) -> None:
    """Do what the pool says, one task after another, until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    logging.getLogger("feedrec").addHandler(logging.NullHandler())  # what matters is in results
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        pipe.send_bytes(b"")
        while True:
            task = msgspec.msgpack.decode(pipe.recv_bytes(), type=Task)
            pipe.send_bytes(msgspec.msgpack.encode(work(task)))


def _end_with(sentinel: int) -> None:
    """End at once when the process that has the pool does: it may be killed, and tell nobody."""
    wait([sentinel])
    os._exit(1)
