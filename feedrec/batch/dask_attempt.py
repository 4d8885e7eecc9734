"""What a worker of Dask does: a task, unless as many workers as may have died with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from .. import __version__
from ..errors import FeedrecError
from .task import MOST_DEATHS, Result, Status, Task, Work

__all__ = ["Count", "attempt", "died"]


class Count(msgspec.Struct, frozen=True):
    """
    How often a task was begun and not ended: so many workers died with it, or it runs.

    The scheduler keeps it. What it counts itself, the "suspicion" of a task, grows with each worker that dies while the
    task waits there, too.

    Attributes:
        path: Of the metadata of the scheduler.

    """

    path: list[str]

    def read(self, client: _Client) -> int:
        """Return the number."""
        return int(client.get_metadata(self.path, 0))

    def write(self, client: _Client, number: int) -> None:
        """Set the number."""
        client.set_metadata(self.path, number)


class _Client(Protocol):
    """What is used of `distributed.Client`."""

    def get_metadata(self, keys: Sequence[str], default: int) -> Any: ...

    def set_metadata(self, key: Sequence[str], value: object) -> None: ...


def attempt(task: Task, work: Work, count: Count, version: str) -> Result:
    """
    Do a task on a worker, within `distributed`.

    Args:
        task: The task.
        work: Does it.
        count: How often it was begun.
        version: Of the feedrec that asks for it.

    Raises:
        FeedrecError: If feedrec has another version here, as it may have on a worker that came later.

    """
    from distributed import get_client, get_worker  # noqa: PLC0415  the extra `dask`

    if version != __version__:
        raise FeedrecError(f"worker {get_worker().address} has feedrec {__version__}, not {version}")
    client = get_client()
    begun = count.read(client)
    if begun >= MOST_DEATHS:
        return died(task, begun)
    count.write(client, begun + 1)
    result = work(task)
    count.write(
        client, begun
    )  # a worker that dies from here on, with a result that nobody fetched, died of other things
    return msgspec.structs.replace(result, deaths=begun)


def died(task: Task, deaths: int) -> Result:
    """Return the result of a task with which workers died."""
    reason = f"{deaths} workers died with it: too little memory, or they were killed for something else"
    return Result(task.key, Status.FAILED, reason, deaths=deaths)
