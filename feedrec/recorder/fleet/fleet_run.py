"""What a fleet knows of a run of a feed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from ..output.counting_writer import Counts
from ..session.summary import Progress, Summary

__all__ = ["FleetRun", "Result", "together"]


class Result(NamedTuple):
    """
    What came of a run.

    Attributes:
        summary: Its summary.
        error: What ended it early; None if nothing did.
        is_lossy: Whether it lacks something that was said to count as loss.

    """

    summary: Summary
    error: BaseException | None = None
    is_lossy: bool = False


class FleetRun(Protocol):
    """One run of a feed, which is used once: prepared, opened, recorded, settled."""

    @property
    def progress(self) -> Progress | None:
        """How it stands; None before it is opened."""

    async def prepare(self) -> bool:
        """
        Find out what must be asked of the venue, and return whether there is anything to record. May be cancelled.

        Raises:
            FeedrecError: If that is not possible.

        """

    async def open(self) -> None:
        """Begin the recording. Raises `FeedrecError`."""

    async def record(self) -> Result:
        """
        Record until the end; then nobody writes to the files any more.

        Raises:
            Exception: What ended it, if no connection had been opened.

        """

    async def settle(self, result: Result) -> Result:
        """Wait for what is done with finished files; return what came of the run in the end."""

    def stop(self) -> None:
        """End it, once it is opened."""

    def stop_now(self) -> None:
        """End it without waiting for anybody."""


def together(parts: Iterable[Progress], state: str, seconds: float) -> Progress:
    """Return how several runs stand as if they were one: figures and sizes are added up."""
    counts, size = Counts(most_open=0), 0
    for part in parts:
        size += part.file_size
        for name in Counts.__struct_fields__:
            setattr(counts, name, getattr(counts, name) + getattr(part.counts, name))
    return Progress(state, seconds, counts, size)
