"""Something that is done again and again while a recording runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

__all__ = ["repeating"]


@contextlib.asynccontextmanager
async def repeating(action: Callable[[], None], interval: float) -> AsyncIterator[None]:
    """Call a function every so many seconds, for the first time after so many, while the block lasts."""

    async def repeat() -> None:
        while True:
            await asyncio.sleep(interval)
            with contextlib.suppress(OSError):  # the terminal was closed; the recording goes on
                action()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
