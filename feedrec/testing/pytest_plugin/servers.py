"""The one thread of this process in which the servers of all tests run, each with a port of its own."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from ..loop_thread import LoopThread

__all__ = ["Servers"]

_TURNS = 20
"""Turns of the loop within which the end of a connection is dealt with; it takes five or so."""


class Servers:
    """
    The thread, from the first test that needs it to the end of the run.

    Attributes:
        thread: The thread.
        threads: It and those that look up names for it: a recording proxy may connect anywhere, whatever tests may do.

    """

    def __init__(self) -> None:
        self.thread = LoopThread()
        self.threads: set[int] = set()
        self.thread.run(self._prepare())

    def settle(self) -> None:
        """Let the servers take note of all that clients have done: that one has gone, say."""
        self.thread.run(_take_turns())

    def close(self) -> None:
        """End it."""
        self.thread.close()

    async def _prepare(self) -> None:
        self._take_this_thread()
        executor = ThreadPoolExecutor(thread_name_prefix="feedrec-testing", initializer=self._take_this_thread)
        asyncio.get_running_loop().set_default_executor(executor)

    def _take_this_thread(self) -> None:
        self.threads.add(threading.get_ident())


async def _take_turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
