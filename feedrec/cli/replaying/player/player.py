"""The keys and the line together, while a replay runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from ....errors import FeedrecError
from ....replay.control.rate import Rate
from ... import output
from ...live.live_line import LiveLine
from ...live.repeating import repeating
from ...logs import has_live_line
from .carrying_out import CarryingOut
from .keyboard import Keyboard
from .orders import HELP, ORDERS
from .player_line import player_line

if TYPE_CHECKING:
    from ....replay import Steering

__all__ = ["MESSAGE_TIME", "has_player", "played_by_keys"]

MESSAGE_TIME = 5.0
"""Seconds for which it is shown why a key did nothing; or until the next key."""

_REFRESH = 0.25  # seconds between drawings
_LONGEST_SHARE = 200  # of the processor time that a drawing takes, until the next one: many clients take more

log = logging.getLogger("feedrec")


def has_player() -> bool:
    """Return whether there is somebody who sees the line and can press keys."""
    return sys.stdin.isatty() and has_live_line()


@contextlib.asynccontextmanager
async def played_by_keys(steering: Steering, stop: Callable[[], object]) -> AsyncIterator[None]:
    """
    Have keys steer a replay, and a line tell where it is, while the block lasts; nothing where there is no person.

    Args:
        steering: What steers it.
        stop: Called when the person wants to quit.

    """
    if not has_player():
        yield
        return
    log.info("keys: space, arrows, . + - 0-9; h explains them, q quits")
    player = _Player(steering, stop)
    unwatch = steering.watch(player.woken.set)
    drawn_again = repeating(player.draw, _REFRESH, woken=player.woken, what="the replay")
    try:
        with player.keyboard:
            async with player.at_work(), drawn_again:
                yield
    finally:
        unwatch()


class _Player:
    """What is shown, and what a key does."""

    def __init__(self, steering: Steering, stop: Callable[[], object]) -> None:
        self.woken = asyncio.Event()
        self.keyboard = Keyboard(sys.stdin.fileno(), self._press, self._leave, self._return)
        self._steering = steering
        self._live = LiveLine(sys.stderr)
        self._stop = stop
        self._orders = CarryingOut(steering, self._say)
        self._rate = Rate(time.monotonic_ns())
        self._shows_keys = False
        self._message, self._message_until = "", 0.0
        self._next_drawing = 0.0
        self._stopped: list[int | None] = []  # whose time stands because the process did
        self._is_drawn = False

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Carry out what keys ask for, while the block lasts; the line is gone after it."""
        task = asyncio.create_task(self._orders.go_on())
        self.woken.set()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})
            self._put_line_away()

    def draw(self) -> None:
        """Draw it anew, unless the terminal is others', or that takes much time; raises OSError if it was closed."""
        begun, worked = time.monotonic(), time.thread_time()
        if begun < self._next_drawing or not self._has_terminal():
            return
        status = self._steering.status()
        width, height = self._live.width, self._live.height
        line = player_line(status, self._rate.at(time.monotonic_ns(), status.frames), width)
        self._live.show(*self._above(begun, width)[: max(height - 1, 0)], line)
        self._next_drawing = time.monotonic() + _LONGEST_SHARE * (time.thread_time() - worked)

    def _has_terminal(self) -> bool:
        """Return whether the line may be drawn: in the foreground."""
        self.keyboard.look()
        is_ours = self.keyboard.is_ours
        if is_ours and not self._is_drawn:
            self._live.begin()
        elif self._is_drawn and not is_ours:
            self._live.abandon()
        self._is_drawn = is_ours
        return is_ours

    def _put_line_away(self) -> None:
        if self._has_terminal():
            self._live.end()
        self._is_drawn = False

    def _above(self, now: float, width: int) -> list[str]:
        """Return what stands above the line: the keys, and why one did nothing."""
        lines = [row[:width] for row in output.columns(HELP)] if self._shows_keys else []
        return [*lines, *textwrap.wrap(self._message, max(width, 1))] if now < self._message_until else lines

    def _press(self, key: str) -> None:
        order = ORDERS.get(key)
        if order is None:
            return
        self._message_until = 0.0
        if order.kind == "quit":
            self._stop()
        elif order.kind == "help":
            self._shows_keys = not self._shows_keys
        else:
            self._orders.take(order)
        self._wake()

    def _say(self, text: str) -> None:
        self._message, self._message_until = text, time.monotonic() + MESSAGE_TIME
        self._wake()

    def _wake(self) -> None:
        """Have it drawn soon, whatever that takes: somebody has pressed a key."""
        self._next_drawing = min(self._next_drawing, time.monotonic() + _REFRESH)
        self.woken.set()

    def _leave(self) -> None:
        """Leave the terminal, and have time stand: or all that was due meanwhile would come at once."""
        self._put_line_away()
        status = self._steering.status()
        if self._steering.one is not None:
            self._stopped = [None] if status.state == "playing" else []
        else:
            self._stopped = [one.client for one in status.clients if one.state == "playing"]
        for client in self._stopped:
            with contextlib.suppress(FeedrecError):
                self._steering.pause(client)

    def _return(self) -> None:
        for client in self._stopped:
            with contextlib.suppress(FeedrecError):
                self._steering.resume(client)
        self._wake()
