"""The ticker_batch channel where only ticker was recorded: the last ticker of each product, every five seconds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ....model import NANOSECONDS, Frame, FrameInfo
from ...venue import Key, Message, Reply
from ..channels import HEARTBEATS, TICKER, TICKER_BATCH
from ..server import CoinbaseAdvancedServer
from .tickers import batched_ticker

__all__ = ["BATCH_INTERVAL", "TickerBatchServer"]

BATCH_INTERVAL = 5
"""Seconds between two frames of a product, if it changed ("Advanced Trade WebSocket Channels")."""


class TickerBatchServer(CoinbaseAdvancedServer):
    """
    A server half that makes frames of ticker_batch of those of ticker, for products of which only these are recorded.

    A product begins with the snapshot that the state makes of its last ticker, or with its next one. After that, there
    is an update every five seconds if it changed.
    """

    _ticks = 0

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._begun: set[str] = set()
        self._last: dict[str, bytes] = {}  # the last frame of ticker, of products that changed

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        replies = super().on_message(message, time)
        made = self._made_products()
        self._begun &= made
        self._last = {product: payload for product, payload in self._last.items() if product in made}
        if self._begun and self.next_due is None:
            self.next_due = time + NANOSECONDS
        return replies

    def on_due(self, time: int) -> Sequence[bytes]:
        """Make a heartbeat, and every five seconds what there is of ticker_batch."""
        makes_beats = self._has_ended or HEARTBEATS not in self._catalogue
        beats = super().on_due(time) if makes_beats and HEARTBEATS in self.subscribed else ()
        self.next_due = time + NANOSECONDS
        self._ticks += 1
        if self._ticks % BATCH_INTERVAL:
            return beats
        changed, self._last = self._last, {}
        return (*beats, *(one for item in changed.items() for one in self._batch("update", *item, time)))

    def on_restart(self) -> None:
        super().on_restart()
        self._begun.clear()
        self._last.clear()

    def give_state(self, key: Key, snapshot: bytes | None, time: int) -> Sequence[Reply]:
        channel, product = key
        if channel == TICKER_BATCH and self._is_made(product):
            self._ticks = 0
            self.next_due = self.next_due or time + NANOSECONDS
            if snapshot is not None:
                self._begun.add(product)
        return super().give_state(key, snapshot, time)

    def recorded_products(self, channel: str) -> Collection[str]:
        recorded = super().recorded_products(channel)
        return {*recorded, *super().recorded_products(TICKER)} if channel == TICKER_BATCH else recorded

    def _is_made(self, product: str) -> bool:
        return product in self._catalogue.get(TICKER, ()) and product not in self._catalogue.get(TICKER_BATCH, ())

    def _made_products(self) -> set[str]:
        return {product for product in self.subscribed.get(TICKER_BATCH, ()) if self._is_made(product)}

    def _is_recorded(self, channel: str, product: str) -> bool:
        return super()._is_recorded(channel, product) or (channel == TICKER_BATCH and self._is_made(product))

    def _find_takers(self) -> dict[str, frozenset[str]]:
        found = super()._find_takers()
        made = self._made_products()
        self._looked_into = self._looked_into | {TICKER} if made else self._looked_into - {TICKER}
        return found | {TICKER: found.get(TICKER, frozenset()) | made} if made else found

    def _look_into(self, frame: Frame, info: FrameInfo) -> list[Message]:
        if info.channel != TICKER:
            return super()._look_into(frame, info)
        own = self.subscribed.get(TICKER, {}).keys()
        is_asked_for = bool(own) and (not info.products or not own.isdisjoint(info.products))
        messages = super()._look_into(frame, info) if is_asked_for else list[Message]()
        for product in self._made_products().intersection(info.products):
            if product in self._begun:
                self._last[product] = frame.payload
            elif batch := self._batch("snapshot", product, frame.payload, frame.time):
                self._begun.add(product)
                messages += batch
        return messages

    def _batch(self, kind: str, product: str, payload: bytes, time: int) -> list[bytes]:
        """Return the frame of a product; none if the recorded one is not understood."""
        ticker = batched_ticker(payload, product)
        return [] if ticker is None else [self._made(TICKER_BATCH, {"type": kind, "tickers": [ticker]}, time)]
