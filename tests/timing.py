"""Real times in tests. All of them scale by one factor, so that a slow or busy machine needs one setting.

A test that can pass a clock in has no real time at all. Where real sockets, files and processes take part:

- a wait that something must outlast, or a limit shortened for the test, is `scaled(seconds)` or `n * MS`;
- a timeout that only keeps a broken test from hanging is `HANG_TIMEOUT`: how long it is says nothing about the code;
- no test asserts an upper bound on elapsed wall time. How fast something is, the benchmarks say.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable

__all__ = ["FACTOR", "HANG_TIMEOUT", "MS", "scaled", "until", "wait_until"]

FACTOR = float(os.environ.get("FEEDREC_TEST_TIME_FACTOR", "1"))
"""What `FEEDREC_TEST_TIME_FACTOR` says, 1 unless it is set."""

MS = 0.001 * FACTOR
"""A millisecond, scaled, in seconds."""


def scaled(seconds: float) -> float:
    """Return `seconds` of real time, scaled by the factor."""
    return seconds * FACTOR


HANG_TIMEOUT = scaled(60)
"""Seconds after which a test that is still waiting has hung."""


def wait_until(condition: Callable[[], object]) -> None:
    """Wait, in a thread, for something that is about to be true."""
    deadline = time.monotonic() + HANG_TIMEOUT
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.01)


async def until(condition: Callable[[], object]) -> None:
    """Wait, on the event loop, for something that is about to be true."""
    async with asyncio.timeout(HANG_TIMEOUT):
        while not condition():
            await asyncio.sleep(0.005)
