"""
One process from its start to its end: what it reads, what it says, and its end if it does not come by itself.

A command need not read its input, nor close its output, nor end. A process that it leaves behind on purpose lives on
after a good end; after a time limit the whole group goes.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from threading import Event
from typing import IO, NamedTuple, Self

__all__ = ["Ended", "run_to_end"]

GRACE = 5.0
"""Seconds between the polite signal and the other one."""

_POLL = 0.05
_KEPT = 4096  # bytes of output, the last ones
_MOST_SAID = 300  # characters


class Ended(NamedTuple):
    """
    How a command ended.

    Attributes:
        failure: Why it counts as failed; None if it does not.
        said: The last line of its output, with control characters visible; empty if it said nothing.
        was_stopped: Whether it was ended because nobody waits for it any more.

    """

    failure: str | None
    said: str = ""
    was_stopped: bool = False


def run_to_end(
    arguments: Sequence[str],
    given: bytes,
    *,
    environment: Mapping[str, str],
    time_limit: float,
    stop: Event,
    niceness: int = 0,
    grace: float = GRACE,
) -> Ended:
    """
    Run a command.

    Args:
        arguments: The program and its arguments.
        given: What it may read from stdin.
        environment: Its environment.
        time_limit: Seconds after which it is ended.
        stop: Ends it when set.
        niceness: How much less important it is than we are.
        grace: See `GRACE`.

    """
    try:
        # In a session of its own: Ctrl-C is for the recorder, and a signal reaches all that it started.
        process = subprocess.Popen(  # noqa: S603  what the user has told us to run
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ended(f"it cannot be started: {getattr(error, 'strerror', None) or error}")
    if niceness:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + niceness)
    with _Pipes(process, given) as pipes:
        is_in_time = _wait(process, pipes, time.monotonic() + time_limit, stop)
        if not is_in_time:
            _end_group(process, pipes, grace)
        pipes.move(0)
        said = pipes.last_line
    if not is_in_time:
        text = "nobody waits for it any more" if stop.is_set() else f"it took longer than {time_limit:g} s"
        return Ended(text, said, stop.is_set())
    return Ended(_failure_of(process.returncode), said)


class _Pipes:
    """What goes in and out of a process, as far as it goes: neither ever blocks."""

    def __init__(self, process: subprocess.Popen[bytes], given: bytes) -> None:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  for mypy
        self._stdin, self._stdout = process.stdin, process.stdout
        self._rest = memoryview(given)
        self._output = b""
        self._selector = selectors.DefaultSelector()
        for file, event in ((self._stdin, selectors.EVENT_WRITE), (self._stdout, selectors.EVENT_READ)):
            os.set_blocking(file.fileno(), False)
            self._selector.register(file, event)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for file in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                file.close()

    @property
    def last_line(self) -> str:
        """The last line of output that is not empty, bounded, with control characters visible."""
        lines = self._output.decode(errors="replace").splitlines()
        line = next((line.strip() for line in reversed(lines) if line.strip()), "")
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)
        return shown if len(shown) <= _MOST_SAID else f"{shown[:_MOST_SAID]}..."

    def move(self, seconds: float) -> None:
        """Move what can be moved; wait for that as long as said."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        for key, _ in self._selector.select(seconds):
            if key.fileobj is self._stdin:
                self._give()
            else:
                self._take()

    def _give(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[os.write(self._stdin.fileno(), self._rest) :]
        except BlockingIOError:
            return
        except OSError:  # it does not want it
            pass
        self._done(self._stdin)

    def _take(self) -> None:
        try:
            # Bounded: something that never stops talking would keep us here, beyond the time limit.
            for _ in range(64):
                data = os.read(self._stdout.fileno(), 1 << 16)
                if not data:
                    break
                self._output = (self._output + data)[-_KEPT:]
            else:
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._done(self._stdout)

    def _done(self, file: IO[bytes]) -> None:
        self._selector.unregister(file)
        with contextlib.suppress(OSError):
            file.close()


def _wait(process: subprocess.Popen[bytes], pipes: _Pipes, deadline: float, stop: Event) -> bool:
    """Wait for its end; return whether it came in time."""
    while process.poll() is None:
        if stop.is_set() or time.monotonic() >= deadline:
            return False
        pipes.move(_POLL)
    return True


def _end_group(process: subprocess.Popen[bytes], pipes: _Pipes, grace: float) -> None:
    """End a process and all that it started: politely, then not."""
    _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while process.poll() is None and time.monotonic() < deadline:
        pipes.move(_POLL)
    _signal(process, signal.SIGKILL)  # what it started may not have heard
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, number)


def _failure_of(code: int) -> str | None:
    if code < 0:
        try:
            return f"it was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"it was ended by signal {-code}"
    return f"exit code {code}" if code else None
