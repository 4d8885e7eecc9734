"""
A line at the bottom of a terminal that is drawn again and again, while lines of the log go by above it.

The cursor waits at its beginning. So whoever wipes it wipes all of it, also where the terminal has been made narrower
meanwhile and the line goes on in further rows.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import ClassVar, Self, TextIO

from ..terminal import height_of, shown, width_of
from .outlet import outlet_of

__all__ = ["LiveLine", "fitting"]

_WIPE = "\r\x1b[J"  # to the end of the screen
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


def fitting(parts: Sequence[str], width: int | None = None) -> str:
    """Return the parts of a line, without the last ones if it would have more columns than `width`."""
    shown_parts = list(parts)
    while width is not None and len(shown_parts) > 1 and len(" | ".join(shown_parts)) > width:
        shown_parts.pop()
    return " | ".join(shown_parts)[:width]


class LiveLine:
    """
    The line. Use it in a `with` block, at the end of which it is wiped.

    Args:
        stream: The terminal.

    Attributes:
        width: Columns that the line may have.
        height: Lines that there is room for.

    """

    _lock: ClassVar = threading.RLock()  # log lines come from several threads
    _present: ClassVar[TextIO | None] = None  # where there is one

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()

    def begin(self) -> None:
        """Take the bottom of the terminal, also again after `end`."""
        with self._lock:
            LiveLine._present = self._stream
            self._write(self._stream, _HIDE_CURSOR)

    def end(self) -> None:
        """Leave the terminal to others, without the line."""
        with self._lock, contextlib.suppress(OSError, ValueError):  # the terminal was closed
            if LiveLine._present is self._stream:
                LiveLine._present = None
                self._write(self._stream, f"{_WIPE}{_SHOW_CURSOR}")

    def abandon(self) -> None:
        """Leave the terminal as it is: it is others' already."""
        with self._lock:
            if LiveLine._present is self._stream:
                LiveLine._present = None

    @property
    def width(self) -> int:
        return width_of(self._stream) - 1  # in the last column a terminal may wrap

    @property
    def height(self) -> int:
        return height_of(self._stream) - 1

    def show(self, *lines: str) -> None:
        """
        Draw it anew, as one line or as several; not while the terminal takes nothing, as after Ctrl-S.

        Raises:
            OSError: If the terminal was closed.

        """
        with self._lock:
            text = "\n".join(shown(line, self._stream) for line in lines)
            up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
            if self._is_writable():
                self._write(self._stream, f"{_WIPE}{text}\r{up}")

    @classmethod
    def write_above(cls, stream: TextIO, text: str, left_out: Callable[[int], str]) -> None:
        """
        Write lines to a stream; if there is a live line in it, in its place. It is drawn anew below when it is due.

        Args:
            stream: Where to. Nobody waits for it if it takes nothing: lines then wait, as many as `outlet.py` keeps.
            text: The lines.
            left_out: Gives a line that says that so many texts have been left out.

        Raises:
            OSError, ValueError: If the stream was closed.

        """
        with cls._lock:
            cls._write(stream, f"{_WIPE}{text}" if stream is cls._present else text, left_out)

    def _is_writable(self) -> bool:
        outlet = outlet_of(self._stream)
        return outlet is None or outlet.is_free

    @staticmethod
    def _write(stream: TextIO, text: str, left_out: Callable[[int], str] | None = None) -> None:
        if (outlet := outlet_of(stream)) is not None:
            outlet.put(text, left_out)
        else:
            stream.write(text)
            stream.flush()
