"""Signals that end a program, taken between the steps of its work."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

__all__ = ["ENDING", "end_signalled", "ending_between_steps", "has_controlling_terminal"]

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that end a program."""

_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)

_outer: list[Callable[[], None]] = []
"""What the steps of work within work call: one handler notes the signals of both."""


@contextlib.contextmanager
def ending_between_steps() -> Iterator[Callable[[], None]]:
    """
    Have the first signal that would end the program end it at the next step; a second one ends it at once.

    An exception that a handler raises may come anywhere, also between taking a lock and releasing it, and whoever takes
    that lock while cleaning up waits for ever. So the handler only notes the signal.

    Yields:
        A function to call at each step. Once there was a signal it raises what a program ends with: KeyboardInterrupt
        on SIGINT, else SystemExit with 128 + N.

    """
    if _outer:
        yield _outer[-1]
        return
    noted: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        noted.append(number)
        if len(noted) > 1:
            _end(number)

    def end_if_noted() -> None:
        if noted:
            _end(noted[0])

    replaced = {number: before for number in ENDING if (before := signal.getsignal(number)) in _DEFAULTS}
    for number in replaced:
        signal.signal(number, note)
    _outer.append(end_if_noted)
    try:
        yield end_if_noted
    finally:
        _outer.clear()
        for number, before in replaced.items():
            signal.signal(number, before)


def end_signalled() -> asyncio.Event:
    """Return what is set once the program is to end, as by Ctrl-C; the event loop runs."""
    import asyncio

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def has_controlling_terminal() -> bool:
    """Return whether the process was started from a terminal that is still there: its end is what SIGHUP tells of."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _end(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)
