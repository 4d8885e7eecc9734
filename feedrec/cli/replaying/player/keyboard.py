"""
The terminal that keys come from, and goes back as it was.

1. In this mode, known as cbreak, a key arrives at once and is not shown. Ctrl-C, Ctrl-Z and Ctrl-\\ still are signals.
2. The mode is that of the terminal, not of this process, so whatever ends or stops the process puts it back first:
   the end of the block, SIGTSTP (Ctrl-Z), SIGHUP and SIGQUIT. Only SIGKILL and SIGSTOP cannot be seen.
3. Only the foreground has the terminal. A process in the background that reads from it, or sets its mode, would be
   stopped (SIGTTIN, SIGTTOU), so it does neither until it is in the foreground.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import termios
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from .key_parser import KeyParser

__all__ = ["AFTER_ESCAPE", "Keyboard"]

AFTER_ESCAPE = 0.05
"""Seconds within which the rest of an escape sequence comes; by then, Esc was a key."""

_LOCAL_MODES, _CHARACTERS = 3, 6  # places in what termios.tcgetattr gives
_MOST = 1024  # bytes in a read
_FATAL = (signal.SIGHUP, signal.SIGQUIT)


class Keyboard:
    """
    The keys of a terminal. Use it in a `with` block, in an event loop of the main thread.

    Args:
        descriptor: The terminal.
        on_key: Called with each key, as `KeyParser` names it.
        on_leave: Called before the process stops or dies: whatever else it did to the terminal is to be undone.
        on_return: Called when it goes on.

    Attributes:
        is_ours: Whether keys come from the terminal now.

    """

    def __init__(
        self,
        descriptor: int,
        on_key: Callable[[str], object],
        on_leave: Callable[[], object] = lambda: None,
        on_return: Callable[[], object] = lambda: None,
    ) -> None:
        self.is_ours = False
        self._descriptor = descriptor
        self._on_key, self._on_leave, self._on_return = on_key, on_leave, on_return
        self._parser = KeyParser()
        self._before: list[Any] = []  # the mode that it had
        self._resting: asyncio.TimerHandle | None = None
        self._replaced: dict[int, Any] = {}  # handlers of signals

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self._loop.add_signal_handler(signal.SIGCONT, self._go_on)
        for number in _FATAL:
            if signal.getsignal(number) is signal.SIG_DFL:
                self._replaced[number] = signal.signal(number, self._die)
        self.look()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number in (signal.SIGTSTP, signal.SIGCONT):
            self._loop.remove_signal_handler(number)
        for fatal, before in self._replaced.items():
            signal.signal(fatal, before)
        self._give_back()

    @property
    def is_in_foreground(self) -> bool:
        """Whether the terminal is for us now: whether it is there, and we are in its foreground."""
        try:
            return os.tcgetpgrp(self._descriptor) == os.getpgrp()
        except OSError as error:
            return error.errno == errno.ENOTTY and os.isatty(self._descriptor)  # it controls no jobs, or not ours

    def look(self) -> None:
        """Take the terminal, or leave it, as it is for us now; to be called now and then."""
        if self.is_in_foreground and not self.is_ours:
            self._take()
        elif self.is_ours and not self.is_in_foreground:
            self._leave()

    def _take(self) -> None:
        with contextlib.suppress(termios.error):  # it has been closed
            self._before = termios.tcgetattr(self._descriptor)
            self._set_mode()
            self._loop.add_reader(self._descriptor, self._read)
            self.is_ours = True

    def _set_mode(self) -> None:
        mode = [*self._before[:_CHARACTERS], [*self._before[_CHARACTERS]]]
        mode[_LOCAL_MODES] &= ~(termios.ICANON | termios.ECHO)
        mode[_CHARACTERS][termios.VMIN], mode[_CHARACTERS][termios.VTIME] = 1, 0
        termios.tcsetattr(self._descriptor, termios.TCSANOW, mode)

    def _give_back(self) -> None:
        """Put the mode back; in the background it is others' already."""
        if self.is_ours and self.is_in_foreground:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
        self._leave()

    def _leave(self) -> None:
        if self.is_ours:
            self.is_ours = False
            self._loop.remove_reader(self._descriptor)
            self._parser.rest()

    def _read(self) -> None:
        if not self.is_in_foreground:
            self._leave()
            return
        try:
            data = os.read(self._descriptor, _MOST)
        except OSError:
            data = b""
        if not data:  # it has been closed
            self._leave()
            return
        if self._resting is not None:
            self._resting.cancel()
        for key in self._parser.feed(data):
            self._on_key(key)
        self._resting = self._loop.call_later(AFTER_ESCAPE, self._parser.rest) if self._parser.is_within else None

    def _stop(self) -> None:
        """Stop at SIGTSTP as a process does that does not care for it, but without the terminal."""
        self._on_leave()
        self._give_back()
        self._loop.remove_signal_handler(signal.SIGTSTP)
        signal.raise_signal(signal.SIGTSTP)  # goes on here after SIGCONT
        self._loop.add_signal_handler(signal.SIGTSTP, self._stop)
        self.look()
        self._on_return()

    def _go_on(self) -> None:
        """Have the mode again after SIGCONT, which may have followed a SIGSTOP: the shell has set its own since."""
        if self.is_ours and self.is_in_foreground:
            with contextlib.suppress(termios.error):
                self._set_mode()
        self.look()

    def _die(self, number: int, _frame: FrameType | None) -> None:
        """Die of a signal as a process does that does not care for it, but with the terminal as it was."""
        self._on_leave()
        if self.is_ours and self.is_in_foreground:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
