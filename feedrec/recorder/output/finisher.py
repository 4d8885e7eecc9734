"""
A step of what is done with finished files while the recording goes on: one file after another.

What takes long is done by a process with low priority: in this one it would keep the interpreter from the feed.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from ...threads import thread_for
from ..watching.shipping_facts import ShippingFacts

__all__ = ["DISK_FULL", "PAUSE_OF_FULL_DISK", "Finisher", "low_priority"]

DISK_FULL = 4
"""Exit code of a process where the disk takes nothing."""

PAUSE_OF_FULL_DISK = 15.0
"""Seconds after which it is tried again."""

_NICENESS = 10
_POLL = 0.1
_SHORT_POLL = 0.02
_GIVEN_UP = "nobody waits for it any more"
_WATCH = 0.1  # seconds between looks at whether the recorder is still there

_turn = threading.Lock()  # of all finishers of a program: what reads whole files takes memory

log = logging.getLogger("feedrec")


def low_priority(main: str, *arguments: str) -> list[str]:
    """
    Return the command of a process with low priority that calls a function, `module:function`, with arguments.

    It does not outlive this process, which may be killed: the next recorder would find its locks.
    """
    return [sys.executable, "-c", _PROGRAM, str(os.getpid()), *main.split(":"), *arguments]


class Finisher(ABC):
    """
    Files that wait, and the thread that takes one after another.

    Attributes:
        main: The function that the process calls with its arguments, as `module:function`.
        step: What it does, in a word, for the metrics.
        then: Called with each file that is done, under the name that it has then; in the thread.

    """

    main: str
    step: str

    def __init__(self) -> None:
        self._files: deque[Path] = deque()
        self._lock = threading.Condition()
        self._current: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._gives_up = False
        self.then: Callable[[Path], object] = lambda path: None  # noqa: ARG005

    @property
    def waiting(self) -> int:
        """Number of files that are not done yet."""
        with self._lock:
            return len(self._files) + (self._current is not None)

    @property
    def shipping(self) -> ShippingFacts | None:
        """How shipping stands, if that is what it does."""
        return None

    def add(self, path: Path) -> None:
        """Queue a file, from any thread."""
        with self._lock:
            self._files.append(path)
            if self._thread is None:
                self._thread = thread_for(self._work, "feedrec-finisher")
                self._thread.start()

    @abstractmethod
    def finish(self) -> None:
        """Wait until all are done; Ctrl-C ends the wait."""

    @abstractmethod
    def _finish_one(self, path: Path) -> None:
        """Do what is to be done with a file, in the thread."""

    def _wait(self, doing: str) -> None:
        """Wait until all are done, and say what it is that takes so long."""
        if self.waiting:
            log.info(doing, "the recording" if self.waiting == 1 else f"{self.waiting} files")
        try:
            while (thread := self._thread) is not None:
                thread.join(_POLL)
        except BaseException:
            self.give_up()
            raise

    def _begin(self, arguments: Sequence[str]) -> None:
        """Start the process, with the lock; raises OSError if that is not possible."""
        command = low_priority(self.main, *arguments)
        # In a session of its own: Ctrl-C is for the recorder, which waits for this process.
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter, with a name that we chose
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )

    def _run(self, arguments: Sequence[str]) -> tuple[int, str]:
        """Run the process in its turn; return its exit code, and the last line that it said, or why there is none."""
        while not _turn.acquire(timeout=_POLL):
            if self._gives_up:
                break
        else:
            try:
                return self._run_now(arguments)
            finally:
                _turn.release()
        return 1, _GIVEN_UP

    def _run_now(self, arguments: Sequence[str]) -> tuple[int, str]:
        with self._lock:
            if self._gives_up:
                return 1, _GIVEN_UP
            try:
                self._begin(arguments)
            except OSError as error:  # no resources for another process
                return 1, str(error)
        return self._end()

    def _end(self) -> tuple[int, str]:
        """Wait for the process; return its exit code, and the last line that it said."""
        assert self._process is not None  # noqa: S101  for mypy
        _, said = self._process.communicate()
        with self._lock:
            code, self._process = self._process.returncode, None
        return code, said.decode(errors="replace").strip().rpartition("\n")[2] or f"exit code {code}"

    def give_up(self) -> None:
        """Forget what waits, and end what is being done; the files stay as they are."""
        self._gives_up = True
        with self._lock:
            self._files.clear()
            if self._process is not None:
                self._process.terminate()

    def join(self, seconds: float) -> None:
        """Wait until what is being done has ended, but no longer than that."""
        deadline = time.monotonic() + seconds
        # Not by Thread.join: of Python 3.11, one that was interrupted takes the thread for ended (bpo-45274).
        while self._thread is not None and time.monotonic() < deadline:
            time.sleep(_SHORT_POLL)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._files:
                    self._thread = None
                    return
                self._current = path = self._files.popleft()
            try:
                self._finish_one(path)
            except Exception:
                log.exception("%s: %s failed", path, self.step)
            with self._lock:
                self._current = None


_PROGRAM = f"""
import importlib, os, sys, threading, time
os.nice({_NICENESS})
_, parent, module, function, *arguments = sys.argv
def watch():
    while os.getppid() == int(parent):
        time.sleep({_WATCH})
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
getattr(importlib.import_module(module), function)(arguments)
"""
