"""
The commands of one kind: what waits for one, how they ended, one at a time.

The receive path never waits for a command: whoever submits something only queues it, and whoever waits for the end of a
command is a thread of its own.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from .command import Command
from .environment import environment_for_commands
from .process import GRACE, Ended, run_to_end

__all__ = ["CommandRunner", "Run"]

log = logging.getLogger("feedrec")

Run = Callable[..., Ended]
"""Runs a command: `run_to_end`, or what a test has in place of it."""

_POLL = 0.1
_SHORT_POLL = 0.02
_turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)  # of each kind, in this process


class _Waiting(NamedTuple):
    values: Mapping[str, str]
    event: Mapping[str, Any]
    on_done: Callable[[Ended], object]


class CommandRunner:
    """
    Runs a command for one event after another; in a process there is at most one command of each kind at a time.

    Args:
        kind: What it is run for, such as `on-rotate`: what the log and the metrics call it.
        command: The command.
        time_limit: Seconds that it may take.
        most_waiting: Events that may wait; of more, the new ones are dropped, and that is said.
        withheld: Environment variables that it does not get: those of the venues' credentials.
        niceness: How much less important it is than the recorder.
        run: What runs it.

    Attributes:
        kind: As above.
        runs: Commands that ended, whichever way.
        failures: Those of them that failed.
        dropped: Events for which none was run, since too many waited.

    """

    def __init__(
        self,
        kind: str,
        command: Command,
        time_limit: float,
        *,
        most_waiting: int = 100,
        withheld: Collection[str] = (),
        niceness: int = 0,
        run: Run = run_to_end,
    ) -> None:
        self.kind = kind
        self.runs = self.failures = self.dropped = 0
        self._command, self._time_limit = command, time_limit
        self._most_waiting, self._withheld, self._niceness = most_waiting, withheld, niceness
        self._run = run
        self._queue: deque[_Waiting] = deque()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_running = 0
        self._stop = threading.Event()

    @property
    def waiting(self) -> int:
        """Number of events whose command has not ended yet."""
        with self._lock:
            return len(self._queue) + self._is_running

    def submit(
        self,
        values: Mapping[str, str],
        event: Mapping[str, Any],
        on_done: Callable[[Ended], object] = lambda ended: None,  # noqa: ARG005
    ) -> None:
        """
        Have the command run as soon as its turn comes; callable from any thread, and returns at once.

        Args:
            values: What stands in place of each placeholder.
            event: What it may read from stdin, as JSON.
            on_done: Called with how it ended, in another thread; not for what is dropped or given up.

        """
        with self._lock:
            if self._stop.is_set():
                return
            if len(self._queue) >= self._most_waiting:
                self.dropped += 1
                log.warning("the %s command is not run: %d wait for it already", self.kind, len(self._queue))
                return
            self._queue.append(_Waiting(values, event, on_done))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"feedrec-{self.kind}", daemon=True)
                self._thread.start()

    def run(self, values: Mapping[str, str], event: Mapping[str, Any]) -> Ended:
        """Run the command, wait for its end, and say in the log how it ended; for a thread that can wait."""
        with self._lock:
            self._is_running += 1
        try:
            return self._run_and_tell(values, event)
        finally:
            with self._lock:
                self._is_running -= 1

    def finish(self) -> None:
        """Wait until all have ended; Ctrl-C ends the wait, the command, and what waits for it."""
        try:
            while (thread := self._thread) is not None:
                thread.join(_POLL)
        except BaseException:
            self.give_up()
            deadline = time.monotonic() + GRACE + 1
            # Not by Thread.join: of Python 3.11, one that was interrupted takes the thread for ended (bpo-45274).
            while self._thread is not None and time.monotonic() < deadline:  # or its command would outlive us
                time.sleep(_SHORT_POLL)
            raise

    def give_up(self) -> None:
        """End the command that is running, and forget what waits; from now on nothing is run."""
        self._stop.set()
        with self._lock:
            self._queue.clear()

    def _run_and_tell(self, values: Mapping[str, str], event: Mapping[str, Any]) -> Ended:
        ended = self._run_in_turn(values, event)
        if ended.was_stopped:
            return ended
        self.runs += 1
        said = f": {ended.said}" if ended.said else ""
        if ended.failure is None:
            log.log(logging.INFO if said else logging.DEBUG, "the %s command has ended%s", self.kind, said)
        else:
            self.failures += 1
            log.warning("the %s command failed (%s)%s", self.kind, ended.failure, said)
        return ended

    def _run_in_turn(self, values: Mapping[str, str], event: Mapping[str, Any]) -> Ended:
        turn = _turns[self.kind]
        while not turn.acquire(timeout=_POLL):
            if self._stop.is_set():
                break
        else:
            try:
                return self._run(
                    self._command.arguments(values),
                    json.dumps(event).encode() + b"\n",
                    environment=environment_for_commands(os.environ, self._withheld),
                    time_limit=self._time_limit,
                    stop=self._stop,
                    niceness=self._niceness,
                )
            finally:
                turn.release()
        return Ended("nobody waits for it any more", was_stopped=True)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._thread = None
                    return
                waiting = self._queue.popleft()
                self._is_running += 1  # `waiting` never drops in between
            try:
                ended = self._run_and_tell(waiting.values, waiting.event)
                if not ended.was_stopped:
                    waiting.on_done(ended)
            except Exception:
                log.exception("the %s command could not be run", self.kind)
            finally:
                with self._lock:
                    self._is_running -= 1
