"""A progress bar for reading files, on a terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from . import output
from .terminal import printable

__all__ = ["reading"]

_REFRESH = 0.1


@contextlib.contextmanager
def reading(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield a function to call with the bytes read and the file size; without a terminal it shows nothing."""
    if not output.is_terminal():
        yield lambda _done, _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(printable(what), markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        shown = 0.0

        def show(done: int, size: int) -> None:
            nonlocal shown
            if time.monotonic() - shown >= _REFRESH:
                shown = time.monotonic()
                progress.update(task, completed=done, total=size)

        yield show
