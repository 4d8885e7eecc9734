"""
Orders are carried out: what takes time one after another, and within its time.

1. A pause, a resume and a speed are done at once, also while another order is under way; a pause and a resume end that.
2. Steps and jumps wait for each other, whoever asks. One whose asker is gone, or whose time is over, is ended: then the
   replay stands where it got to.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Coroutine
from typing import Any, TypeVar

from ...errors import RecordingError, UsageError
from ..steering.steering import Steering
from .orders import Order, moment_within
from .problems import Refused

__all__ = ["Conductor"]

Result = TypeVar("Result")


class Conductor:
    """
    Carries out orders.

    Args:
        steering: What steers the replay.
        origin: The recorded time from which offsets count, in nanoseconds.

    """

    def __init__(self, steering: Steering, origin: int) -> None:
        self._steering = steering
        self._origin = origin
        self._turn = asyncio.Lock()

    async def carry_out(self, order: Order) -> dict[str, Any]:
        """
        Carry out an order; return what came of it, apart from the status.

        Raises:
            UsageError: If it has a value that it cannot have.
            Refused: If it cannot be carried out now.

        """
        moment = moment_within(order.to, self._origin)
        client = order.client
        if client is not None and all(one.client != client for one in self._steering.status().clients):
            raise Refused(
                http.HTTPStatus.NOT_FOUND, f"there is no client {client}: the status lists those that are there"
            )
        try:
            if order.verb == "step":
                return {"played": await self._within(order, self._steering.step(order.frames, client))}
            if order.verb == "seek":
                await self._within(order, self._steering.seek(moment, client))
            else:
                self._do_at_once(order)
        except UsageError as reason:
            raise Refused(http.HTTPStatus.CONFLICT, str(reason)) from None
        except RecordingError as damage:
            raise Refused(http.HTTPStatus.INTERNAL_SERVER_ERROR, str(damage)) from None
        return {}

    def _do_at_once(self, order: Order) -> None:
        steering, client = self._steering, order.client
        if order.verb == "pause":
            steering.pause(client)
        elif order.verb == "resume":
            steering.resume(client)
        else:
            steering.set_speed(order.speed, client)

    async def _within(self, order: Order, work: Coroutine[Any, Any, Result]) -> Result:
        """Have something done when it is its turn, within the time of the order."""
        has_begun = False
        try:
            async with asyncio.timeout(order.patience), self._turn:
                has_begun = True
                return await work
        except TimeoutError:
            raise _too_late(order, has_begun=has_begun) from None
        finally:
            work.close()


def _too_late(order: Order, *, has_begun: bool) -> Refused:
    if not has_begun:
        text = f"another step or seek is under way for more than {order.patience:g} s: pause ends it"
        return Refused(http.HTTPStatus.CONFLICT, text)
    return Refused(
        http.HTTPStatus.GATEWAY_TIMEOUT,
        f"the {order.verb} was ended after {order.patience:g} s, and the replay stands where it got to: a client does "
        "not read what it was sent, for which it is dropped at its write deadline, or its book takes longer to be "
        "rebuilt; timeout allows more",
    )
