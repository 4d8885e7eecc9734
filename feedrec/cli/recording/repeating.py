"""Something that is done again and again while a recording runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

__all__ = ["repeating"]

log = logging.getLogger("feedrec")


@contextlib.asynccontextmanager
async def repeating(action: Callable[[], None], interval: float) -> AsyncIterator[None]:
    """
    Call a function every so many seconds, for the first time after so many, while the block lasts.

    Whatever it raises, it is called again: else a fault in a line of status would end the heartbeats, and the
    supervisor would kill the recorder.
    """

    async def repeat() -> None:
        has_failed = False
        while True:
            await asyncio.sleep(interval)
            try:
                action()
            except OSError:  # the terminal was closed
                pass
            except Exception as error:  # noqa: BLE001  the recording is worth more
                if not has_failed:  # the same may fail each time
                    has_failed = True
                    log.error("how the recording stands cannot be shown (%r); it goes on", error)  # noqa: TRY400

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
