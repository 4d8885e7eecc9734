"""Where the tasks of a batch are done: in processes here, or on a cluster of Dask."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ...errors import UsageError

if TYPE_CHECKING:
    from ...batch.task import Engine

__all__ = ["engine_of"]

_DASK_LOGS = ("distributed", "distributed.client", "distributed.gc", "bokeh", "tornado", "tornado.application")


@contextlib.contextmanager
def engine_of(workers: int | None, scheduler: str | None, on_waiting: Callable[[], object]) -> Iterator[Engine]:
    """
    Give what has tasks done.

    Args:
        workers: Processes here; None for one a CPU.
        scheduler: The address of a scheduler of Dask instead; None for processes here.
        on_waiting: Called again and again while tasks are done.

    Raises:
        UsageError: If both are given, or the address is none, or Dask is not installed.
        FeedrecError: If there is no such scheduler.

    """
    if scheduler is None:
        from ...batch.processes import ProcessEngine

        yield ProcessEngine(workers or cpus(), on_waiting)
        return
    if workers is not None:
        raise UsageError("--workers are processes here, and --dask has its own workers: leave one of them out")
    from ...batch.dask_engine import DaskEngine

    _have_logged_as_all_libraries()
    with DaskEngine(scheduler, on_waiting) as engine:
        yield engine


def cpus() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _have_logged_as_all_libraries() -> None:
    """Undo what Dask sets up when it is imported: it would write to the terminal itself, past the log and the bar."""
    with contextlib.suppress(ImportError):  # the engine says that
        import distributed  # noqa: F401
    for name in _DASK_LOGS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
