"""What stands for the steering of a replay."""

from __future__ import annotations

import asyncio
from typing import Any

from feedrec.errors import UsageError
from feedrec.replay.steering.status import ClientStatus, State, Status

__all__ = ["START", "Steered"]

SECOND = 1_000_000_000
START = 1_000 * SECOND


class Steered:
    """Notes how it is steered; what it is told takes until it may go on."""

    def __init__(self, *, has_one: bool = True, present: int | None = START + 20 * SECOND) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.one = object() if has_one else None
        self.speed = 1.0
        self.state: State = "playing"
        self.is_paused = False
        self.end: int | None = START + 100 * SECOND
        self.present = present
        self.presents: list[int | None] = []  # of the clients
        self.states: list[State] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.refusal = ""

    def status(self) -> Status:
        clients = [
            ClientStatus(number, "", "", {}, state, 1.0, present, 0, 0, None)
            for number, (present, state) in enumerate(
                zip(self.presents, self.states or [self.state] * len(self.presents), strict=True), 1
            )
        ]
        return Status(self.state, self.speed, START, self.end, self.present, None, 0, None, clients)

    def pause(self, client: int | None = None) -> None:
        self.calls.append(("pause", *([] if client is None else [client])))

    def resume(self, client: int | None = None) -> None:
        self.calls.append(("resume", *([] if client is None else [client])))

    def set_speed(self, speed: float) -> None:
        self.speed = speed

    async def step(self, count: int) -> None:
        await self._do("step", count)

    async def seek(self, moment: int, client: int | None = None) -> None:
        await self._do("seek", (moment - START) / SECOND, *([] if client is None else [client]))

    async def _do(self, *call: Any) -> None:
        if self.refusal:
            raise UsageError(self.refusal)
        self.calls.append(call)
        await self.may_go_on.wait()
