"""
States rebuilt beside the replay, by a process of their own: in this one they would keep the event loop waiting.

The process is started for the first state that is needed, stays for the next ones, and does not import the program's
`__main__`: it finds the feed in the catalogue, by its name. For a feed that is not there, and where there can be no
process, states are rebuilt in a thread. Other clients then wait while it decodes, sorts or writes a book, some 25 ms
each time if the book has 5 MB. A client that is alone is served by the thread, which is there at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from typing import IO, cast

from ...feeds import feed_of
from ...feeds.venue import Key, VenueFeed
from ..timeline.timeline import Timeline
from .position import Position
from .rebuild import Rebuilder
from .state_cache import user_cache
from .worker_messages import Answer, Request, Task, identity, read_exactly, read_message, write_message
from .written_states import WrittenStates

__all__ = ["RebuildProcess"]

_POLL = 50  # milliseconds until it is noticed that a client has left
_PAUSE = 1e-6  # seconds: a thread that only yields gets the interpreter lock back before another one wakes

_log = logging.getLogger("feedrec.replay")


class RebuildProcess:
    """
    Rebuilds states for the clients of a venue, one after another.

    Args:
        timeline: What to read.
        feed: Makes the states.
        keeps: Whether to keep what was rebuilt in the user's cache folder, and to use what was kept.

    """

    def __init__(self, timeline: Timeline, feed: VenueFeed, *, keeps: bool = False) -> None:
        self._feed = feed
        self._task = Task(feed.name, identity(feed), [str(path) for path in timeline.paths], keeps)
        written = WrittenStates(timeline, feed, user_cache() if keeps else None)
        self._rebuilder = Rebuilder(timeline, feed, partial(time.sleep, _PAUSE), written)
        self._worker: _Worker | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def snapshots(
        self, wanted: frozenset[Key], position: Position, stopped: threading.Event, *, is_alone: bool
    ) -> Mapping[Key, bytes | None]:
        """
        Return snapshots; see `Rebuilder.snapshots`. It blocks: call it in a thread.

        Args:
            wanted: Channels and products.
            position: Where in the timeline.
            stopped: Ends the work early when set; what is returned is of no use then.
            is_alone: Whether the client that waits for it is the only one.

        """
        has_past = position.line or position.since
        thread_will_do = is_alone and self._worker is None
        if has_past and not thread_will_do and self._feed.state(wanted) is not None:
            with self._lock:
                if not self._is_over and not stopped.is_set():
                    try:
                        return self._ask(Request(list(wanted), position), stopped)
                    except (OSError, EOFError, ValueError) as reason:  # the last of a pipe that was closed meanwhile
                        self._give_up(reason)
        return self._rebuilder.snapshots(wanted, position, stopped)

    def close(self) -> None:
        """End the process; from any thread."""
        self._is_over = True
        if self._worker is not None:
            self._worker.close()

    def _ask(self, request: Request, stopped: threading.Event) -> Mapping[Key, bytes | None]:
        if self._worker is None:
            if feed_of(self._feed.name) is not self._feed:
                raise OSError("the feed is not that of the catalogue")
            self._worker = _Worker(self._task)
        if self._is_over:  # closed while it was started
            raise EOFError
        return self._worker.ask(request, stopped)

    def _give_up(self, reason: Exception) -> None:
        if not self._is_over:
            _log.info("%s: states are rebuilt in a thread, not in a process: %s", self._feed.name, reason)
        self.close()


class _Worker:
    """
    The process.

    Raises:
        OSError: If there can be none.

    """

    def __init__(self, task: Task) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            raise OSError("there is no Python interpreter")
        paths = map(os.path.abspath, sys.path)  # what can be imported here can be imported there
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "feedrec.replay.venue.rebuild_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the replay
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._requests = cast(IO[bytes], self._process.stdin)
        self._answers = cast(IO[bytes], self._process.stdout)
        write_message(self._requests, task)

    def ask(self, request: Request, stopped: threading.Event) -> Mapping[Key, bytes | None]:
        """
        Wait for the answer to a request, which is withdrawn when `stopped` is set.

        Raises:
            RecordingError: As `Rebuilder.snapshots` does.
            EOFError: If the process is gone; or an `OSError`.

        """
        write_message(self._requests, request)
        poll = select.poll()
        poll.register(self._answers)
        while not poll.poll(_POLL):
            if stopped.is_set():
                write_message(self._requests, None)
                break
        answer: Answer = read_message(self._answers, Answer)
        if answer.failure is not None:
            raise answer.failure.error()
        snapshots = [None if size is None else read_exactly(self._answers, size) for size in answer.sizes]
        return dict(zip(request.wanted, snapshots, strict=True))

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError), self._process:
            self._process.kill()
