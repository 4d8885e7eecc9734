"""
A process that has loaded feedrec, and forks for each command that a test runs to its end, and for each mock venue.

Loading takes most of the time of a short command, and the tests run thousands. A fork is a process like any other, with
its own streams, folder, environment and signals; all that it lacks is the loading. Of that, and of what Python takes
from the environment as it starts, the tests see enough that run `python -m feedrec` itself: in the background, in
scripts of the shell, in documents.

Run as a program it takes requests on a socket: JSON, with stdin, stdout, stderr and the pipe for its answer beside its
length. The answer is a line with the number of the process, and one with the status in which it ended.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import inspect
import io
import json
import os
import pkgutil
import posix
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self, TextIO, cast

from feedrec.cli import main

__all__ = ["Forker"]

_ROOMS = ("admission", "cli", "feeds", "formats", "front", "recorder", "replay")  # not `testing`, which loads pytest
_READ_AT_START = ("PYTHON", "LC_", "LANG", "MALLOC_")
_LENGTH = 8  # bytes in which the length of a request is sent


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_READ_AT_START)}


class Forker:
    """The process that forks, seen from a test."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        self._one_asks = threading.Lock()
        with other:
            command = [sys.executable, "-P", __file__, str(other.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[other.fileno()])
        self._started_with = _read_at_start(os.environ)
        atexit.register(self.close)

    @staticmethod
    @functools.cache
    def of_this_process() -> Forker:
        """Return the one of this process, started when it is first needed."""
        return Forker()

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Return whether Python would take nothing else from an environment as it starts than this process has."""
        return _read_at_start(environment) == self._started_with

    def close(self) -> None:
        """Have it end, and wait until it has: `make coverage` wants what it counted."""
        self._socket.close()
        self._process.wait()

    def start(self, arguments: Sequence[str], *, cwd: Path | None = None, env: Mapping[str, str]) -> ForkedFeedrec:
        """
        Start feedrec.

        Args:
            arguments: What follows `feedrec`.
            cwd: Where it runs: here by default.
            env: All its environment.

        """
        umask = os.umask(0o077)
        os.umask(umask)
        request = {"arguments": arguments, "cwd": str(cwd or Path.cwd()), "env": dict(env), "umask": umask}
        text = json.dumps(request).encode()
        pipes = [os.pipe() for _ in range(3)]
        try:
            with self._one_asks:
                streams = [0, *(their_end for _, their_end in pipes)]
                socket.send_fds(self._socket, [len(text).to_bytes(_LENGTH)], streams)
                self._socket.sendall(text)
        finally:
            for _, their_end in pipes:
                os.close(their_end)
        out, err, answer = (our_end for our_end, _ in pipes)
        return ForkedFeedrec(os.fdopen(out, "rb"), os.fdopen(err, "rb"), os.fdopen(answer, "rb", buffering=0))


class ForkedFeedrec:
    """One process, which is killed at the end of the block."""

    def __init__(self, stdout: IO[bytes], stderr: IO[bytes], answer: io.FileIO) -> None:
        self.stdout, self.stderr, self._answer = stdout, stderr, answer
        self._pid = int(answer.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self.stdout, self.stderr, self._answer:
            if not select.select([self._answer], [], [], 0)[0]:  # else it has ended, and its number may be another's
                os.kill(self._pid, signal.SIGKILL)
                self._answer.read()

    def result(self, timeout: float) -> tuple[int, bytes, bytes]:
        """
        Wait for its end; give the exit code, what it wrote to stdout, and what to stderr.

        Raises:
            subprocess.TimeoutExpired: After so many seconds.

        """
        deadline = time.monotonic() + timeout
        read = dict.fromkeys((self.stdout, self.stderr, self._answer), b"")
        still_open = list(read)
        while still_open:
            ready, _, _ = select.select(still_open, [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise subprocess.TimeoutExpired("feedrec", timeout)
            for stream in ready:
                data = os.read(stream.fileno(), 1 << 16)
                read[stream] += data
                if not data:
                    still_open.remove(stream)
        out, err, status = read.values()
        return os.waitstatus_to_exitcode(int(status)), out, err


def _load() -> None:
    """Load all that a command might, but for pyarrow: it has threads, and a process is forked well with only one."""
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    for room in _ROOMS:
        package = importlib.import_module(f"feedrec.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"feedrec.{room}."):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    del sys.modules["pyarrow"]
    inspect.stack()  # `make coverage` asks for that in each fork: it finds here which module each file is of


def _serve(requests: socket.socket) -> None:
    """Fork for each request, until nobody is there to ask."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    answers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests.fileno(), woken], [], [])
        if woken in ready:
            os.read(woken, 1 << 10)
            _tell_ends(answers)
        if requests.fileno() in ready:
            length, streams, _, _ = socket.recv_fds(requests, _LENGTH, 4)
            if not length:
                return
            request = json.loads(requests.recv(int.from_bytes(length), socket.MSG_WAITALL))
            number = os.fork()
            if number == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (woken, wake, requests.detach(), *answers.values(), streams.pop()):
                    os.close(one)
                _become_feedrec(request, streams)
            *others, answers[number] = streams
            for one in others:
                os.close(one)
            os.write(answers[number], b"%d\n" % number)


def _tell_ends(answers: dict[int, int]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            number, status = os.waitpid(-1, os.WNOHANG)
            if number == 0:
                return
            answer = answers.pop(number)
            with contextlib.suppress(BrokenPipeError), os.fdopen(answer, "wb") as stream:
                stream.write(b"%d\n" % status)


def _become_feedrec(request: dict[str, Any], streams: Sequence[int]) -> None:
    """Do in a fork what `python -m feedrec` does."""
    for target, one in enumerate(streams):
        os.dup2(one, target)
        os.close(one)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    random.seed()
    sys.path.insert(0, request["cwd"])
    sys.argv[1:] = request["arguments"]
    sys.stdin, sys.stdout, sys.stderr = (_as_at_start(stream) for stream in (sys.stdin, sys.stdout, sys.stderr))
    code = _exit_code()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    posix._exit(code)  # `make coverage` has os._exit save what it counted: in a fork, what its parent counted too


def _as_at_start(stream: TextIO) -> TextIO:
    """Give a stream with nothing in its buffers, as Python makes it."""
    mode = "r" if stream.fileno() == 0 else "w"
    again = os.fdopen(stream.fileno(), mode, encoding=stream.encoding, errors=stream.errors, closefd=False)
    return cast(TextIO, again)


def _exit_code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as Python ends with what nobody caught
        sys.excepthook(*cast(Any, sys.exc_info()))
        return 1
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which end this process
    number = int(sys.argv.pop())
    sys.argv[0] = str(Path(__file__).parents[2] / "feedrec" / "__main__.py")
    with socket.socket(fileno=number) as asked:
        _load()
        _serve(asked)
