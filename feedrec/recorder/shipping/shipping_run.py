"""Many recordings are shipped, several at once, and removed here once they are old enough."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ...errors import FeedrecError, NotShippedError
from ...threads import thread_for
from .destination import Destination, key_of
from .removal import remove_shipped
from .shipment import Shipped, ship

__all__ = ["AT_ONCE", "Order", "Result", "ship_all"]

AT_ONCE = 4
"""Recordings that are shipped at the same time, by default."""

_TURN = 0.2  # seconds between two looks at whether to end


class Order(NamedTuple):
    """
    What is shipped, where to, and what becomes of it here.

    Attributes:
        to: The place.
        keep: Nanoseconds after which a recording that was shipped is removed here, counted from when it was last
            written; None if all stay.
        at_once: How many are shipped at the same time.
        needed: Recordings that stay here all the same.
        pending: Recordings that are shipped although something is still to be done with them; they stay here too.

    """

    to: Destination
    keep: int | None = None
    at_once: int = AT_ONCE
    needed: Collection[Path] = ()
    pending: Collection[Path] = ()


class Result(NamedTuple):
    """
    What became of a recording.

    Attributes:
        path: The recording.
        size: Its bytes here, 0 if it is gone.
        shipped: Where it is, checked; None if it is not.
        is_removed: Whether it was removed here.
        error: Why it was not shipped, or not removed.

    """

    path: Path
    size: int
    shipped: Shipped | None = None
    is_removed: bool = False
    error: FeedrecError | None = None


def ship_all(
    files: Sequence[tuple[Path, Path]],
    order: Order,
    *,
    between: Callable[[], object] = lambda: None,
    wall: Callable[[], int] = time.time_ns,
) -> Iterator[Result]:
    """
    Ship recordings, and yield what became of each, as they end.

    What is being sent when the caller stops goes on in threads that end with the program: whatever they have reached
    by then, the next run goes on from there.

    Args:
        files: Recordings, each with the folder below which its path is its key.
        order: What is done with them.
        between: Called again and again meanwhile, in the thread of the caller; may raise to end it.
        wall: Returns the wall time, in nanoseconds.

    """
    waiting: queue.SimpleQueue[tuple[Path, Path]] = queue.SimpleQueue()
    for file in files:
        waiting.put(file)
    done: queue.SimpleQueue[Result] = queue.SimpleQueue()

    def work() -> None:
        while True:
            try:
                path, folder = waiting.get_nowait()
            except queue.Empty:
                return
            done.put(_ship_one(path, folder, order, wall))

    try:
        for number in range(min(order.at_once, len(files))):
            thread_for(work, f"feedrec-ship-{number}").start()
        for _ in files:
            yield _next(done, between)
    finally:
        while not waiting.empty():  # nothing more is begun
            try:
                waiting.get_nowait()
            except queue.Empty:
                break


def _next(done: queue.SimpleQueue[Result], between: Callable[[], object]) -> Result:
    while True:
        between()
        try:
            return done.get(timeout=_TURN)
        except queue.Empty:
            continue


def _ship_one(path: Path, folder: Path, order: Order, wall: Callable[[], int]) -> Result:
    size, shipped = 0, None
    try:
        status = path.lstat()
        size = status.st_size
        key = key_of(path, folder, order.to)
        shipped = ship(path, order.to, key, is_pending=path in order.pending)
        stays = path in order.needed or path in order.pending
        if order.keep is None or stays or wall() - status.st_mtime_ns < order.keep:
            return Result(path, size, shipped)
        remove_shipped(path, order.to, key)
    except OSError as error:
        return Result(path, size, shipped, error=NotShippedError(path, error.strerror or str(error)))
    except FeedrecError as error:
        return Result(path, size, shipped, error=error)
    except Exception as error:  # noqa: BLE001  or who waits for it would wait for ever
        return Result(path, size, shipped, error=NotShippedError(path, f"{type(error).__name__}: {error}"))
    return Result(path, size, shipped, is_removed=True)
