"""Recordings and clients for tests of the test fixtures."""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

DEMO = Path(__file__).parents[2] / "feedrec" / "cli" / "demo.jsonl.zst"
"""The recording that ships with the package: frames of Coinbase Advanced Trade, about half a minute."""

CHANNELS = ("level2", "ticker", "market_trades", "candles", "heartbeats")
PRODUCTS = ("BTC-USD", "ETH-USD")


def subscription(channel: str, products: Sequence[str] = PRODUCTS) -> str:
    """Return the message with which a client of Advanced Trade subscribes."""
    return json.dumps({"type": "subscribe", "channel": channel, "product_ids": list(products)})


# Else a client that has not read everything takes 10 seconds to close; websockets 13 has no such queue.
_unbounded: dict[str, Any] = {"max_queue": None} if "max_queue" in inspect.signature(connect).parameters else {}

client = partial(connect, max_size=None, compression=None, **_unbounded)
"""Connects a client that blocks."""


def received_by(url: str, channels: Sequence[str] = CHANNELS, products: Sequence[str] = PRODUCTS) -> list[bytes]:
    """Return all that a client gets that subscribes some channels."""
    with client(url) as websocket:
        for channel in channels:
            websocket.send(subscription(channel, products))
        return [message.encode() if isinstance(message, str) else message for message in websocket]
