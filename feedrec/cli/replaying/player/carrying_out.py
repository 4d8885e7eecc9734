"""What keys ask for, carried out by the steering: what takes a while one after another, all else at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ....errors import FeedrecError, UsageError
from ....model import NANOSECONDS
from .orders import Order, doubled, enqueue, halved

if TYPE_CHECKING:
    from ....replay import Steering
    from ....replay.steering.status import Status

__all__ = ["CarryingOut"]


class CarryingOut:
    """
    Carries out orders.

    Args:
        steering: What steers the replay.
        complain: Called with why an order could not be carried out.

    """

    def __init__(self, steering: Steering, complain: Callable[[str], object]) -> None:
        self._steering = steering
        self._complain = complain
        self._waiting: list[Order] = []
        self._asked = asyncio.Event()

    def take(self, order: Order) -> None:
        """Take an order: to pause and to change the speed is done at once, all else in turn."""
        if order.kind in ("step", "skip", "jump"):
            self._waiting = enqueue(self._waiting, order)
            self._asked.set()
            return
        try:
            self._do_at_once(order)
        except FeedrecError as error:
            self._complain(str(error))

    async def go_on(self) -> None:
        """Carry out what takes a while, for ever."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            while self._waiting:
                order = self._waiting.pop(0)
                try:
                    await self._do(order)
                except FeedrecError as error:
                    self._complain(str(error))
                except Exception as error:  # noqa: BLE001  a bug: other keys go on
                    self._complain(f"that failed: {error!r}")

    def _do_at_once(self, order: Order) -> None:
        steering = self._steering
        match order.kind:
            case "pause":
                state = steering.status().state
                stands = state == "paused" or (state != "playing" and steering.is_paused)
                steering.resume() if stands else steering.pause()
            case "faster":
                steering.set_speed(doubled(steering.speed))
            case "slower":
                steering.set_speed(halved(steering.speed))
            case "as recorded":
                steering.set_speed(1.0)

    async def _do(self, order: Order) -> None:
        match order.kind:
            case "step":
                await self._steering.step(order.amount)
            case "skip":
                await self._skip(order.amount * NANOSECONDS)
            case "jump":
                await self._steering.seek(self._tenths(order.amount))

    async def _skip(self, nanoseconds: int) -> None:
        """Go on so much later or earlier: each client from where it is, if each has a time of its own."""
        status = self._steering.status()
        own = [] if self._steering.one is not None else [one for one in status.clients if one.present is not None]
        if not own:
            await self._steering.seek(_place(status, status.present) + nanoseconds)
            return
        seeks = [self._steering.seek(_place(status, one.present) + nanoseconds, client=one.client) for one in own]
        for failed in await asyncio.gather(*seeks, return_exceptions=True):
            if isinstance(failed, BaseException):
                raise failed

    def _tenths(self, tenths: int) -> int:
        status = self._steering.status()
        if status.end is None:
            raise UsageError("the recording grows, so nobody knows a tenth of its duration")
        return status.start + (status.end - status.start) * tenths // 10


def _place(status: Status, present: int | None) -> int:
    """Return where somebody is: time goes on after the end, but there is nothing."""
    if present is None:
        return status.start
    return present if status.end is None else min(present, status.end)
