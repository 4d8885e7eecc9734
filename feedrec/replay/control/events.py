"""
The WebSocket of events: a status at once, another after each change, and a few a second while time passes.

1. Whoever listens is no client: it is counted nowhere, and keeps nobody waiting.
2. A status is made once, for all who listen. Changes that come together are told together. The more a status costs,
   the fewer there are: making them takes a twentieth of the time at most, so that frames are not late for them.
   Not all that it tells is a change of what steers, such as the rate: so it is made a few times a second whatever
   happens, and told if it differs.
3. While nobody listens, nothing is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from websockets.frames import CloseCode

from ..client.connection import ReplayConnection
from .ladders import LadderSource
from .listener import Listener
from .problems import as_json

__all__ = ["MOST_LISTENERS", "Events", "Pace"]

MOST_LISTENERS = 20
"""How many may listen at a time."""

_SHARE = 20  # making statuses takes one part in so many of the time


class Pace:
    """
    How often something is told. Times are in seconds.

    Attributes:
        looks: Between two statuses that are made.
        silence: After which one is told even if it is the same: so that who is gone is noticed.
        changes: Between two statuses at least, however much changes.
        ladders: Between two ladders.

    """

    looks = 0.25
    silence = 15.0
    changes = 0.05
    ladders = 0.1


class Events:
    """
    All who listen.

    Args:
        status: Returns the status as it is told.
        watch: Has a function called at each change; returns what ends that.
        deadline: Seconds that a listener has to answer for a message.
        pace: How often something is told.

    Attributes:
        pace: See above.
        ladders: Knows the books; None if nobody does.
        patience: Seconds that a listener has to answer a close.

    """

    def __init__(
        self,
        status: Callable[[], Mapping[str, Any]],
        watch: Callable[[Callable[[], None]], Callable[[], None]],
        *,
        deadline: float = 30.0,
        pace: Pace | None = None,
    ) -> None:
        self.ladders: LadderSource | None = None
        self.patience = 1.0
        self._status = status
        self._watch = watch
        self._deadline = deadline
        self.pace = pace or Pace()
        self._listeners: set[Listener] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unwatch: Callable[[], None] = lambda: None
        self._change, self._ladder_change = asyncio.Event(), asyncio.Event()
        self._is_playing = False

    def __len__(self) -> int:
        return len(self._listeners)

    async def attend(self, connection: ReplayConnection, stopping: asyncio.Future[None]) -> None:
        """
        Tell one who listens, until it is gone or `stopping` is done; its connection is closed then.

        What raises here is a bug.
        """
        listener = Listener(connection, self._deadline)
        self._join(listener)
        own = [asyncio.create_task(work) for work in (listener.send_on(), listener.hear(self._ladder_change.set))]
        try:
            await asyncio.wait({*own, *self._tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (*own, *self._tasks):
                if task.done():
                    task.result()
        finally:
            for task in own:
                task.cancel()
            await asyncio.wait(own)
            await self._leave(listener)
            await connection.close_within(self.patience, CloseCode.GOING_AWAY)

    def _join(self, listener: Listener) -> None:
        self._listeners.add(listener)
        if self._tasks:
            listener.tell("status", self._make_status())
            return
        self._unwatch = self._watch(self._note_change)
        self._tasks = {asyncio.create_task(self._tell_statuses()), asyncio.create_task(self._tell_ladders())}

    async def _leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        if not self._listeners:
            self._unwatch()
            tasks, self._tasks = self._tasks, set()
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    def _note_change(self) -> None:
        self._change.set()
        self._ladder_change.set()

    def _make_status(self) -> str:
        document = self._status()
        was_playing, self._is_playing = self._is_playing, document["state"] == "playing"
        if was_playing != self._is_playing:
            self._ladder_change.set()
        return as_json({"type": "status", **document})

    async def _tell_statuses(self) -> None:
        pace = self.pace
        told = -math.inf
        while True:
            self._change.clear()
            began = time.perf_counter()
            message = self._make_status()
            cost = time.perf_counter() - began
            is_due = began >= told + pace.silence
            told = began if is_due else told
            for listener in self._listeners:
                listener.tell("status", message, again=is_due)
            await asyncio.sleep(max(pace.changes, _SHARE * cost))
            await _set_within(self._change, pace.looks - pace.changes)

    async def _tell_ladders(self) -> None:
        while True:
            self._ladder_change.clear()
            wanted = {listener.product for listener in self._listeners}
            for product in sorted(product for product in wanted if product is not None):
                message = as_json({"type": "ladder", "product": product, **await self._ladder(product)})
                for listener in self._listeners:
                    if listener.product == product:
                        listener.tell("ladder", message, again=False)
            await asyncio.sleep(self.pace.ladders)
            if not self._is_playing or wanted == {None}:
                await self._ladder_change.wait()

    async def _ladder(self, product: str) -> Mapping[str, object]:
        if self.ladders is None:
            return {"known": False, "why": "this replay rebuilds no books"}
        return await self.ladders.ladder(product)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until an event is set, or for so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
