"""A process beside a replay, as the replay sees it: what is asked of it, and how it ends."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, TypeVar, cast

from .worker_messages import write_message

__all__ = ["WorkerProcess"]

_POLL = 50  # milliseconds until it is noticed that nobody waits any more

_T = TypeVar("_T")


class WorkerProcess:
    """
    A process that answers one request after another; see `serve_requests`.

    It does not import the program's `__main__`.

    Args:
        module: What runs in it, as `python -m` takes it.
        task: What it is for: its first message.

    Raises:
        OSError: If there can be none.
        ValueError: If the task has what is no text, as the name of a file may be.

    """

    def __init__(self, module: str, task: object) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            raise OSError("there is no Python interpreter")
        paths = map(os.path.abspath, sys.path)  # what can be imported here can be imported there
        self._process = subprocess.Popen(  # noqa: S603  of modules of ours
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the replay
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        try:
            write_message(self._requests, task)
        except BaseException:
            self.close()
            raise

    def ask(self, request: object, stopped: threading.Event, read: Callable[[IO[bytes]], _T]) -> _T:
        """
        Wait for the answer to a request, which is withdrawn when `stopped` is set.

        Args:
            request: The request.
            stopped: See above.
            read: Reads the answer; what it raises goes on to the caller.

        Raises:
            EOFError: If the process is gone; or an `OSError`.

        """
        write_message(self._requests, request)
        poll = select.poll()
        poll.register(self._answers)
        while not poll.poll(_POLL):
            if stopped.is_set():
                write_message(self._requests, None)
                break
        return read(self._answers)

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError), self._process:
            self._process.kill()
