"""Something that is done again and again while something else runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

__all__ = ["repeating"]

log = logging.getLogger("feedrec")


@contextlib.asynccontextmanager
async def repeating(
    action: Callable[[], None], interval: float, *, woken: asyncio.Event | None = None, what: str = "the recording"
) -> AsyncIterator[None]:
    """
    Call a function every so many seconds, for the first time after so many, while the block lasts.

    Args:
        action: The function.
        interval: Seconds.
        woken: When it is set, the function is called at once; None if nothing is in a hurry.
        what: What runs.

    Whatever it raises, it is called again: else a fault in a line of status would end the heartbeats, and the
    supervisor would kill the recorder.

    """

    async def repeat() -> None:
        has_failed = False
        while True:
            await _rest(interval, woken)
            try:
                action()
            except OSError:  # the terminal was closed
                pass
            except Exception as error:  # noqa: BLE001  what runs is worth more
                if not has_failed:  # the same may fail each time
                    has_failed = True
                    log.error("how %s stands cannot be shown (%r); it goes on", what, error)  # noqa: TRY400

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rest(interval: float, woken: asyncio.Event | None) -> None:
    if woken is None:
        await asyncio.sleep(interval)
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(interval):
            await woken.wait()
    woken.clear()
