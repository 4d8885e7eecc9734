"""What was handed over to the writer of a recording, and what its thread has not taken yet."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable

from ...line.frame_run import FrameRun
from ...stream.whole_block import WholeBlock
from .growing_file import Line, frames_in

__all__ = ["Backlog", "Between"]

_TAKEN_AT_ONCE = 1 << 18  # bytes of text

Between = Callable[[float], object]
"""What is done between two lines, in the thread that takes them, at a time of the steady clock."""


class Backlog:
    """
    Lines in their order, and what is done between them. One thread adds, another one takes.

    Attributes:
        size_in: Bytes of text handed over so far.
        size_taken: Bytes of it that were taken.
        taken: Set when some are taken.

    """

    def __init__(self) -> None:
        self.size_in = self.size_taken = 0
        self.taken = threading.Event()
        self._waiting: deque[Line | FrameRun | WholeBlock | Between] = deque()

    def __len__(self) -> int:
        """Return how much waits, in pieces that were handed over at once."""
        return len(self._waiting)

    @property
    def size(self) -> int:
        """Bytes of text that wait."""
        return self.size_in - self.size_taken

    @property
    def frames(self) -> int:
        """Received frames that wait."""
        return sum(frames_in(one) for one in list(self._waiting) if not callable(one))

    def add(self, one: Line | FrameRun | WholeBlock, size: int) -> None:
        """Add a line, or several at once, of so many bytes with their line feeds."""
        self._waiting.append(one)
        self.size_in += size

    def do_here(self, between: Between) -> None:
        """Have something done before what is added next, and after all else."""
        self._waiting.append(between)

    def do_first(self, between: Between) -> None:
        """Have something done before all that waits."""
        self._waiting.appendleft(between)

    def take(self) -> tuple[list[Line | FrameRun | WholeBlock], Between | None]:
        """Take some of the first lines, up to something that is to be done after them, and that."""
        taken, size, between = list[Line | FrameRun | WholeBlock](), 0, None
        with contextlib.suppress(IndexError):
            while size < _TAKEN_AT_ONCE:
                one = self._waiting.popleft()
                if callable(one):
                    between = one
                    break
                taken.append(one)
                size += len(one[0]) + 1 if isinstance(one, tuple) else one.size
        self.size_taken += size
        self.taken.set()
        return taken, between

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
