"""
Work beside a replay: in a process of its own, or in the thread that asks where there can be none.

Work in a thread keeps the interpreter's lock for milliseconds at a time, and the event loop waits for that.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import IO, TypeVar

from ...feeds import feed_of
from ...feeds.base import Feed
from .worker_process import WorkerProcess

__all__ = ["PAUSE", "Beside"]

PAUSE = 1e-6
"""Seconds for which such a thread sleeps now and then: one that only yields gets the lock back before another wakes."""

_log = logging.getLogger("feedrec.replay")

_T = TypeVar("_T")


class Beside:
    """
    Has requests answered one after another. The process is started for the first one that needs it, and stays.

    It finds the feed in the catalogue, by its name: for a feed that is not there, there is no process.

    Args:
        module: What runs in the process, as `python -m` takes it.
        task: The first message to it.
        feed: The feed that it is about.
        what: What is done, for people: `states are rebuilt`.

    """

    def __init__(self, module: str, task: object, feed: Feed, what: str) -> None:
        self._start = partial(WorkerProcess, module, task)
        self._feed = feed
        self._what = what
        self.worker: WorkerProcess | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def ask(
        self,
        request: object,
        read: Callable[[IO[bytes]], _T],
        otherwise: Callable[[], _T],
        stopped: threading.Event,
        *,
        is_alone: bool,
    ) -> _T:
        """
        Return the answer to a request. It blocks: call it in a thread.

        Args:
            request: The request.
            read: Reads the answer; what it raises goes on to the caller, unless it says that the process is gone.
            otherwise: Does the same work here.
            stopped: Ends the work early when set; what is returned is of no use then.
            is_alone: Whether nobody else is served, so that a thread will do: that is there at once.

        """
        if not is_alone or self.worker is not None:
            with self._lock:
                if not self._is_over and not stopped.is_set():
                    try:
                        return self._ask(request, read, stopped)
                    except (OSError, EOFError, ValueError) as reason:  # the last of a pipe that was closed meanwhile
                        self._give_up(reason)
        return otherwise()

    def close(self) -> None:
        """End the process; from any thread."""
        self._is_over = True
        if self.worker is not None:
            self.worker.close()

    def _ask(self, request: object, read: Callable[[IO[bytes]], _T], stopped: threading.Event) -> _T:
        if self.worker is None:
            if feed_of(self._feed.name) is not self._feed:
                raise OSError("the feed is not that of the catalogue")
            self.worker = self._start()
        if self._is_over:  # closed while it was started
            raise EOFError
        return self.worker.ask(request, stopped, read)

    def _give_up(self, reason: Exception) -> None:
        if not self._is_over:
            _log.info("%s: %s in a thread, not in a process: %s", self._feed.name, self._what, reason)
        self.close()
