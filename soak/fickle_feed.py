"""
What a venue sends in the manner of Advanced Trade: each frame says of which connection it is, and its number there.

Books have bids below 50,000 and asks above, so that none is ever crossed.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Mapping, Sequence

__all__ = ["BODIES", "ack", "body", "heartbeat", "numbered_in", "snapshot"]

BODIES = 500
"""So many kinds of frames there are for each product."""

_HEAD = b'{"channel":"%b","client_id":"%%b.%%d","timestamp":"%%b","sequence_num":%%d,"events":'
_CLIENT_ID = b'"client_id":"'
_HEAD_SIZE = 120
_MIDDLE = 50_000
_LEVEL_SIZE = 107


def numbered_in(payload: bytes) -> tuple[str, int]:
    """
    Return the connection of a frame and its number there.

    Raises:
        ValueError: If it has none.

    """
    start = payload.index(_CLIENT_ID, 0, _HEAD_SIZE) + len(_CLIENT_ID)
    name, dot, number = payload[start : payload.index(b'"', start)].rpartition(b".")
    if not dot:
        raise ValueError("it has no number")
    return name.decode(), int(number)


@functools.cache
def body(place: int, product: str) -> tuple[str, bytes]:
    """
    Return the channel of an update of a product, and a template for it, which differ by place.

    The template takes the name of the connection, the number, the time, the venue's number, and a number of 8 digits.
    """
    chance = random.Random(f"{place} {product}")
    kind = place % 10
    if kind == 0:
        ticker = f'"type":"ticker","product_id":"{product}","price":"{_MIDDLE}.{place % 100}","volume_24_h":"%08d.5"'
        return "ticker", _template("ticker", f'[{{"type":"update","tickers":[{{{ticker}}}]}}]}}')
    if kind == 1:
        trade = f'"product_id":"{product}","price":"{_MIDDLE}","size":"0.{place}","side":"BUY","trade_id":"%08d"'
        return "market_trades", _template("market_trades", f'[{{"type":"update","trades":[{{{trade}}}]}}]}}')
    levels = [_level(chance, "%08d" if number == 0 else "") for number in range(chance.randint(1, 3))]
    text = f'[{{"type":"update","product_id":"{product}","updates":[{",".join(levels)}]}}]}}'
    return "level2", _template("l2_data", text)


@functools.cache
def snapshot(product: str, size: int) -> bytes:
    """Return a template, as that of an update without the last number, for a snapshot of about so many bytes."""
    chance = random.Random(product)
    levels = ",".join(_level(chance, "", number) for number in range(max(2, size // _LEVEL_SIZE)))
    return _template("l2_data", f'[{{"type":"snapshot","product_id":"{product}","updates":[{levels}]}}]}}')


def ack(subscribed: Mapping[str, Sequence[str]]) -> bytes:
    """Return a template for the answer to a subscription, which lists all there are."""
    listed = json.dumps({channel: list(products) for channel, products in subscribed.items() if products})
    return _template("subscriptions", f'[{{"subscriptions":{listed}}}]}}')


def heartbeat(counter: int) -> bytes:
    """Return a template for a heartbeat."""
    return _template("heartbeats", f'[{{"heartbeat_counter":{counter}}}]}}')


def _template(channel: str, events: str) -> bytes:
    return _HEAD % channel.encode() + events.encode()


def _level(chance: random.Random, digits: str, place: int | None = None) -> str:
    away = chance.randint(1, 30_000) if place is None else place // 2 + 1
    is_bid = chance.random() < 0.5 if place is None else place % 2 == 0
    price = _MIDDLE - away if is_bid else _MIDDLE + away
    quantity = f"1.{digits or chance.randint(10_000_000, 99_999_999)}"
    side = "bid" if is_bid else "offer"
    return (
        f'{{"side":"{side}","event_time":"2026-11-26T17:00:00.000000Z",'
        f'"price_level":"{price}.{chance.randint(0, 99):02d}","new_quantity":"{quantity}"}}'
    )
