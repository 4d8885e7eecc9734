"""A plain client of `feedrec replay`, and a check of the pace at which it was served."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from feedrec.model import NANOSECONDS

from ..timing import HANG_TIMEOUT, scaled

__all__ = ["EVERYTHING", "PAIR", "assert_paced", "receive_all"]

PAIR = ["BTC-USD", "ETH-USD"]
EVERYTHING = [*((channel, PAIR) for channel in ("level2", "ticker", "market_trades", "candles")), ("heartbeats", [])]

SLACK = scaled(0.5)
"""Seconds that a busy machine may take at the end beyond the lateness of frames."""


def receive_all(
    url: str, subscriptions: Sequence[tuple[str, list[str]]] = EVERYTHING
) -> tuple[list[bytes], float, int | None]:
    """Subscribe and receive until the close; return payloads, seconds from connecting to the last one, close code."""

    async def receive() -> tuple[list[bytes], float, int | None]:
        payloads = []
        started = last = time.monotonic()
        async with connect(url, max_size=None) as connection:
            for channel, products in subscriptions:
                await connection.send(json.dumps({"type": "subscribe", "channel": channel, "product_ids": products}))
            try:
                while True:
                    payloads.append(str(await connection.recv()).encode())
                    last = time.monotonic()
            except ConnectionClosed:
                return payloads, last - started, connection.protocol.close_code

    return asyncio.run(asyncio.wait_for(receive(), HANG_TIMEOUT))


def assert_paced(facts: dict[str, Any], recorded: float, speed: float, seconds: float) -> None:
    """
    Check that a replay to one client took the recorded time divided by the speed, within one per cent.

    A busy machine makes frames late, which the replay reports, so it may take longer by as much as its latest frame was
    late; never less.

    Args:
        facts: What `feedrec replay --json` printed.
        recorded: Seconds from the first frame of the recording to the last.
        speed: What the replay was told.
        seconds: What the client measured from before it subscribed to its last frame.

    """
    due = recorded / speed
    took = recorded / facts["speed"]
    late = facts["lateness_ns"]["max"] / NANOSECONDS
    assert due * 0.99 <= took <= due * 1.01 + late + SLACK
    assert due * 0.99 <= seconds
