"""Has tasks done in this process."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from feedrec.batch.planning import plan_batch
from feedrec.batch.running import Total, run_batch
from feedrec.batch.task import Result, Task, Work

__all__ = ["Here", "run"]


class Here:
    """Does tasks, one after another."""

    def run(self, tasks: Sequence[Task], work: Work) -> Generator[Result, None, None]:
        """See `Engine`."""
        yield from map(work, tasks)


def run(kind: str, sources: Sequence[Path | str], target: Path | str, **options: object) -> Total:
    """Plan a batch and run it."""
    return run_batch(plan_batch(kind, sources, target, options), Here())
