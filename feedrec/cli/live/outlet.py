"""
Where text goes that nobody waits for: a terminal that may have been stopped (Ctrl-S), a pipe that nobody reads.

1. A thread writes, so that whoever has something to say never waits for a terminal. It lives only while there is text.
2. A writable terminal has the text when `put` returns, so what others write after it stands after it. One that seems
   writable may yet have no room for all of it; that is found out once, and within `PATIENCE`.
3. What waits is bounded: the first lines of a time without reader are kept, and of those that then find no room it is
   said, in their place, how many they were.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import stat
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import TextIO

__all__ = ["AT_END", "MOST_LINES", "PATIENCE", "Outlet", "outlet_of", "settle"]

PATIENCE = 0.05
"""Seconds that whoever writes to a terminal that seems to take it gives it to do so."""

MOST_LINES = 1000
"""Texts that wait at most; they also have at most `_MOST_CHARACTERS`, unless it is one."""

AT_END = 0.5
"""Seconds that a program that ends gives its terminal to take what waits."""

_MOST_CHARACTERS = 1 << 18

_outlets: weakref.WeakKeyDictionary[TextIO, Outlet] = weakref.WeakKeyDictionary()


def outlet_of(stream: TextIO) -> Outlet | None:
    """
    Return the outlet of a stream, None if writing to it waits for nobody: a file, or no file at all.

    Raises:
        ValueError: If the stream was closed.

    """
    if stream.closed:
        raise ValueError("the stream is closed")
    if (outlet := _outlets.get(stream)) is None:
        try:
            mode = os.fstat(stream.fileno()).st_mode
        except OSError:  # it has no file
            return None
        if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stream.isatty()):
            return None
        outlet = _outlets[stream] = Outlet(stream)
    return outlet


def settle(stream: TextIO) -> None:
    """Give a stream the time to take what waits for it, before something is written past its outlet."""
    if (outlet := _outlets.get(stream)) is not None:
        outlet.settle(AT_END)


class Outlet:
    """
    Takes text, and writes it when it can be written.

    Args:
        stream: Says the file and the encoding.

    """

    def __init__(self, stream: TextIO) -> None:
        self._descriptor = stream.fileno()
        self._encoding, self._errors = stream.encoding, stream.errors or "strict"
        self._changed = threading.Condition()  # of an RLock: a signal's handler may log while its thread is in here
        self._kept: deque[str] = deque()
        self._characters = 0  # in them
        self._is_writing = False
        self._left_out = 0
        self._tell: Callable[[int], str] = str
        atexit.register(self.settle, AT_END)

    @property
    def is_free(self) -> bool:
        """Whether nothing waits, and the terminal takes something now."""
        with self._changed:
            return not self._is_writing and self._takes_something()

    def put(self, text: str, left_out: Callable[[int], str] | None = None) -> None:
        """
        Have a text written.

        Args:
            text: With the newline at its end, if it is lines.
            left_out: Says, as text like this one, that so many have been left out, as this one may be; if it is None,
                this one may not.

        """
        with self._changed:
            if left_out is not None and self._is_full(text):
                self._left_out, self._tell = self._left_out + 1, left_out
                return
            was_free = self.is_free
            self._tell_what_was_left_out()
            self._keep(text)
            if not self._is_writing:
                self._begin_writing()
            if was_free:
                self.settle(PATIENCE)

    def settle(self, seconds: float) -> None:
        """Wait until nothing waits, for so many seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_writing, seconds)

    def _is_full(self, text: str) -> bool:
        """Return whether there is no room for a text; after one that had none, there is some when half is gone."""
        share = 2 if self._left_out else 1
        too_long = self._characters > 0 and self._characters + len(text) > _MOST_CHARACTERS // share
        return too_long or len(self._kept) >= MOST_LINES // share

    def _keep(self, text: str) -> None:
        self._kept.append(text)
        self._characters += len(text)

    def _tell_what_was_left_out(self) -> None:
        if self._left_out:
            number, self._left_out = self._left_out, 0
            self._keep(self._tell(number))

    def _begin_writing(self) -> None:
        try:
            threading.Thread(target=self._write_all, name="feedrec-outlet", daemon=True).start()
        except RuntimeError:  # Python is ending, and starts no more threads
            if self._takes_something():
                self._write_all()
        else:
            self._is_writing = True

    def _takes_something(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        return bool(poll.poll(0))

    def _write_all(self) -> None:
        while True:
            with self._changed:
                if not self._kept:
                    self._tell_what_was_left_out()
                if not self._kept:
                    self._is_writing = False
                    self._changed.notify_all()
                    return
                text = self._kept.popleft()
            with contextlib.suppress(OSError):  # it was closed: the text is lost, as nobody sees it
                self._write(text.encode(self._encoding, self._errors))
            with self._changed:
                self._characters -= len(text)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # another program has set this for all who have the terminal
                select.select([], [self._descriptor], [])
