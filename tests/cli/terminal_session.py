"""A program in a terminal of its own, and a person who types and reads there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..timing import HANG_TIMEOUT

__all__ = ["TerminalSession", "in_terminal"]


class TerminalSession:
    """
    What is typed, and what is to be seen.

    Args:
        controller: The end of a person.
        process: The program.

    Attributes:
        process: See above.
        shown: All that the program has written, escape sequences too.

    """

    def __init__(self, controller: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.shown = ""
        self._controller = controller
        self._looked_at = 0

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._controller, text.encode())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until something is written, after what was waited for last; give the match."""
        deadline = time.monotonic() + HANG_TIMEOUT
        while (found := re.compile(pattern).search(self.shown, self._looked_at)) is None:
            assert self._read(deadline), f"{pattern!r} never came:\n{self.shown[self._looked_at :][-1000:]}"
        self._looked_at = found.end()
        return found

    def forget(self) -> None:
        """Have only what is written from now on be waited for."""
        while select.select([self._controller], [], [], 0)[0] and self._read(time.monotonic()):
            pass
        self._looked_at = len(self.shown)

    def wait(self) -> int:
        """Wait for its end, reading on; give the exit code."""
        deadline = time.monotonic() + HANG_TIMEOUT
        while self._read(deadline):
            pass
        return self.process.wait(HANG_TIMEOUT)

    def resize(self, columns: int, lines: int = 24) -> None:
        """Change the size of the terminal."""
        fcntl.ioctl(self._controller, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def mode(self) -> list[Any]:
        """The mode of the terminal."""
        return termios.tcgetattr(self._controller)

    @property
    def foreground(self) -> int:
        """The number of the process group in the foreground."""
        return os.tcgetpgrp(self._controller)

    @property
    def has_keys(self) -> bool:
        """Whether each key arrives at once, and is not shown."""
        return not self.mode[3] & (termios.ICANON | termios.ECHO)

    def _read(self, deadline: float) -> bool:
        """Read on; give whether there was anything."""
        if not select.select([self._controller], [], [], max(deadline - time.monotonic(), 0))[0]:
            return False
        try:
            data = os.read(self._controller, 1 << 16)
        except OSError:  # nobody writes any more
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextlib.contextmanager
def in_terminal(
    command: Sequence[str], env: Mapping[str, str] | None = None, columns: int = 80
) -> Iterator[TerminalSession]:
    """Run a program in a terminal that it controls; kill it at the end if it still runs."""
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1", **(env or {})}
    environment.pop("COLUMNS", None)

    def control_terminal() -> None:
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):  # the tests may run in the background
            signal.signal(number, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal)
    options: dict[str, Any] = {**streams, "start_new_session": True, "preexec_fn": control_terminal}
    process = subprocess.Popen(command, env=environment, **options)
    os.close(terminal)
    session = TerminalSession(controller, process)
    session.resize(columns)
    try:
        yield session
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(OSError):
            os.close(controller)
