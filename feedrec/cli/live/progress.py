"""How far the reading of files has come, on a terminal."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator

from .. import output
from ..logs import has_live_line
from ..terminal import printable
from .live_line import LiveLine, fitting

__all__ = ["progress_line", "reading"]

_REFRESH = 0.1
_MINUTE = 60


@contextlib.contextmanager
def reading(what: str, say: Callable[[int], str] = output.size) -> Iterator[Callable[[int, int], None]]:
    """
    Show how far something has come; without a terminal, nothing is shown.

    Args:
        what: What is going on.
        say: Says how much there is of what is counted; by default, bytes.

    Yields:
        A function to call with how much is done, and how much there is: the bytes read and the file size.

    """
    if not has_live_line():
        yield lambda _done, _size: None
        return
    begun = time.monotonic()
    shown = 0.0

    def show(done: int, size: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _REFRESH:
            shown = now
            with contextlib.suppress(OSError):  # the terminal was closed
                live.show(progress_line(printable(what), done, size, now - begun, live.width, say))

    with LiveLine(sys.stderr) as live:
        yield show


def progress_line(
    what: str, done: int, size: int, seconds: float, width: int, say: Callable[[int], str] = output.size
) -> str:
    """
    Say how far it has come.

    Args:
        what: What is going on.
        done: Bytes read, or how much is done.
        size: Bytes in all, or how much there is.
        seconds: How long that took.
        width: Columns that the line may have.
        say: Says how much that is.

    """
    parts = [f"{what} {min(done / size, 1):.0%}" if size else what, f"{say(done)} of {say(size)}"]
    if 0 < done < size and seconds >= 1:
        left = math.ceil(seconds / done * (size - done))
        parts.append(f"{f'{left} s' if left < _MINUTE else output.duration(left)} left")
    return fitting(parts, width)
