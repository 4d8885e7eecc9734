"""A connection that takes only so many bytes a second."""

from __future__ import annotations

import time
from typing import Any

from ....admission.token_bucket import TokenBucket
from ..connection import ReplayConnection

__all__ = ["SlowConnection"]

_AT_ONCE = 0.05  # seconds' worth of bytes that are written at once


class SlowConnection(ReplayConnection):
    """
    A connection whose messages are written at a rate, in real time; handshake, pongs and closes are not counted.

    Args:
        rate: Bytes a second.
        arguments: See `ReplayConnection`.
        options: See there.

    Attributes:
        is_slow: Whether the rate holds.

    """

    def __init__(self, rate: int, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.is_slow = True
        self._at_once = max(1, int(rate * _AT_ONCE))
        self._allowed = TokenBucket(self._at_once, rate, time.monotonic())

    def write(self, data: bytes | memoryview) -> None:
        if not self.is_slow:
            super().write(data)
            return
        self._unwritten.append(memoryview(data))
        self._unwritten_size += len(data)
        if self._next_slice is None:
            self._write_on()

    def _write_on(self) -> None:
        if not self.is_slow:
            super()._write_on()
            return
        if self._next_slice is not None:
            self._next_slice.cancel()
            self._next_slice = None
        if self._unwritten and not self.paused:
            if not self._allowed.wait(time.monotonic()):
                piece = self._take_slice(self._at_once)
                self._allowed.take(len(piece), time.monotonic())
                self.transport.write(piece)
            if self._unwritten and not self.paused:
                self._next_slice = self.loop.call_later(self._allowed.wait(time.monotonic()), self._write_on)
        self.send_data()
        self._wake_writers()
