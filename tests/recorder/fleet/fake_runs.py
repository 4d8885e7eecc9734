"""Runs that connect to nothing: they end as they are told, and say what is done with them."""

from __future__ import annotations

import asyncio

from feedrec.recorder import Progress, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.fleet.fleet_run import Result
from feedrec.recorder.output.counting_writer import Counts

__all__ = ["FakeRun", "Log", "quick", "turns"]

Log = list[str]


def quick() -> Backoff:
    """Return delays that nobody waits for."""
    return Backoff(0.0, 0.0)


class FakeRun:
    """
    A run.

    Args:
        name: What it is called in the log.
        log: Where it says what is done with it.
        error: What it raises when it is opened; None for nothing.

    """

    def __init__(self, name: str, log: Log, error: Exception | None = None) -> None:
        self.name, self.log, self.error = name, log, error
        self.is_connected = self.has_anything = True
        self.ended, self.settled = asyncio.Event(), asyncio.Event()
        self.fails_with: Exception | None = None
        self.counts = Counts(connections=1)
        self.settled.set()
        self.is_prepared = asyncio.Event()
        self.is_prepared.set()

    @property
    def progress(self) -> Progress | None:
        return Progress("recording" if self.is_connected else "connecting", 1.0, self.counts, 7)

    async def prepare(self) -> bool:
        self.log.append(f"prepare {self.name}")
        await self.is_prepared.wait()
        return self.has_anything

    async def open(self) -> None:
        if self.error is not None:
            raise self.error
        self.log.append(f"open {self.name}")

    async def record(self) -> Result:
        await self.ended.wait()
        self.log.append(f"close {self.name}")
        return Result(Summary(f"{self.name}.jsonl", 1.0, self.counts, 7), self.fails_with)

    async def settle(self, result: Result) -> Result:
        await self.settled.wait()
        self.log.append(f"settle {self.name}")
        return result

    def stop(self) -> None:
        self.ended.set()

    def stop_now(self) -> None:
        self.ended.set()

    def fail(self, error: Exception) -> None:
        """End it with an error."""
        self.fails_with = error
        self.ended.set()


async def turns(count: int = 20) -> None:
    """Let everything happen that can happen now."""
    for _ in range(count):
        await asyncio.sleep(0)
