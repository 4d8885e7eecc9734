"""What a client that subscribes in the middle of a recording gets first: the market as the frames so far left it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Self

import msgspec

from ...model import Describe, FrameInfo
from ..decoding import NOT_UNDERSTOOD
from ..state.keyed_state import KeyedState, LastFrame
from ..state.need import Need, Since, written
from ..venue import Key
from .account import change_account
from .batches.tickers import without_best
from .book import Book, Update, decode_book_frame
from .channels import FUTURES_BALANCE, HEARTBEATS, PRIVATE, TICKER, TICKER_BATCH
from .frames import snapshot_head

__all__ = ["MarketState"]

_TRADES = 100
"""Trades in a snapshot of market_trades (capture of 2026-08-09)."""

_CANDLES = 100
"""Buckets in a snapshot of candles (capture of 2026-08-09)."""

_LISTS = {
    "ticker": "tickers",
    "ticker_batch": "tickers",
    "market_trades": "trades",
    "candles": "candles",
    "status": "products",
}
"""The key under which each channel but level2 has its objects."""


_SINCE: dict[str, Since] = {
    "level2": "snapshot",
    "candles": "snapshot or beginning",  # it has those with the latest starts, not the last ones that came
}
"""From where on a state must know the frames of a channel, if it is not settled by the last ones."""

_LAST_BEAT = (HEARTBEATS, "")


class _ItemsEvent(msgspec.Struct, gc=False):
    type: str
    tickers: list[msgspec.Raw] = []
    trades: list[msgspec.Raw] = []
    candles: list[msgspec.Raw] = []
    products: list[msgspec.Raw] = []


class _ItemsFrame(msgspec.Struct, gc=False):
    events: list[_ItemsEvent]
    client_id: msgspec.Raw = msgspec.Raw(b"")


class _Ticker(msgspec.Struct, gc=False):
    product_id: str


class _Trade(msgspec.Struct, gc=False):
    product_id: str
    trade_id: str


class _Candle(msgspec.Struct, gc=False):
    product_id: str
    start: str


class _Status(msgspec.Struct, gc=False):
    id: str


_decode_items_frame = msgspec.json.Decoder(_ItemsFrame).decode
_decode_ticker = msgspec.json.Decoder(_Ticker).decode
_decode_trade = msgspec.json.Decoder(_Trade).decode
_decode_candle = msgspec.json.Decoder(_Candle).decode
_decode_status = msgspec.json.Decoder(_Status).decode


class _Items:
    """
    The objects that a channel last had for a product, verbatim.

    They are kept in the order in which the venue made them, by what tells one from another: the trade's id, the
    candle's start, the product of status. There is only one ticker.
    """

    __slots__ = ("channel", "client_id", "is_whole", "texts")

    def __init__(self, channel: str, *, is_whole: bool = False) -> None:
        self.channel = channel
        self.is_whole = is_whole  # it began with a snapshot, which replaced everything before it
        self.texts: dict[str, bytes] = {}
        self.client_id = b""

    def copy(self) -> Self:
        other = type(self)(self.channel, is_whole=self.is_whole)
        other.texts = self.texts.copy()
        other.client_id = self.client_id
        return other

    def change(self, items: list[tuple[str, bytes]], client_id: bytes) -> None:
        """Add the objects of a frame, in the order in which it has them."""
        self.client_id = client_id
        if self.channel == "market_trades":
            for key, text in reversed(items):
                self.texts.pop(key, None)  # one that comes again comes last: the last frames tell which stay
                self.texts[key] = text
            if len(self.texts) > _TRADES:
                self.texts = dict(islice(self.texts.items(), len(self.texts) - _TRADES, None))
            return
        self.texts.update(items)
        if self.channel == "candles":
            self.texts = dict(sorted(self.texts.items())[-_CANDLES:])

    def as_batch(self) -> Self:
        """Return what ticker_batch has of a ticker."""
        other = type(self)(TICKER_BATCH)
        other.texts = {key: without_best(text) for key, text in self.texts.items()}
        other.client_id = self.client_id
        return other

    def snapshot(self, time: int) -> bytes:
        texts = list(self.texts.values())
        if self.channel == "market_trades":
            texts.reverse()
        return self.snapshot_of(texts, time)

    def snapshot_of(self, texts: Iterable[bytes], time: int) -> bytes:
        head = snapshot_head(self.channel, self.client_id, time)
        return b'%b"%b":[%b]}]}' % (head, _LISTS[self.channel].encode(), b",".join(texts))


class MarketState(KeyedState):
    """
    The market as recorded frames have left it, and the snapshots that the venue would send of it.

    Channels have the names under which they are subscribed: `level2`, `ticker`, `ticker_batch`, `market_trades`,
    `candles`, `status`, and the private ones, see `account`. Of level2 there is a snapshot once one was seen, of the
    other public ones as soon as anything was; where `ticker_batch` is wanted and not there, it is made of `ticker`. All
    of them have 0 for their sequence number. A snapshot that comes later, after a reconnect, replaces everything before
    it; but that of status need not contain all products. Of heartbeats there is the last one, only if it is wanted.

    Args:
        wanted: The keys to keep; the product `""` of status means all of them, and is the only one of private channels.
            None keeps everything.

    """

    dumped_channels = ("level2",)
    channels_by_name = (HEARTBEATS, TICKER_BATCH)

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame; see `KeyedState`."""
        if info.channel == HEARTBEATS and self.wanted is not None and _LAST_BEAT in self.wanted:
            self.values[_LAST_BEAT] = LastFrame(payload)
        if info.kind not in {"snapshot", "update"}:
            return
        if info.channel in PRIVATE:
            if self.keeps(info.channel, ""):
                change_account(self.values, info, payload)
        elif any(self.keeps(info.channel, product) for product in info.products):
            if info.channel == "level2":
                self._apply_book(payload)
            elif info.channel in _LISTS:
                self._apply_items(info.channel, payload)

    def keeps(self, channel: str, product: str) -> bool:
        """Return whether a key is wanted; all products of status may be, and a ticker makes a ticker_batch."""
        if super().keeps(channel, product):
            return True
        return super().keeps(channel, "") if channel == "status" else channel == TICKER and self._makes_batch(product)

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the frame that a new subscriber gets first; of status for one product, or for all (`""`)."""
        if channel == TICKER and not super().keeps(channel, product):
            return None  # it is kept for ticker_batch alone
        if channel == TICKER_BATCH and (channel, product) not in self.values and self._makes_batch(product):
            items = self.values.get((TICKER, product))
            return items.as_batch().snapshot(time) if isinstance(items, _Items) else None
        if channel != "status" or not product:
            return super().snapshot(channel, product, time)
        items = self.values.get(("status", ""))
        if not isinstance(items, _Items) or product not in items.texts:
            return None
        return items.snapshot_of([items.texts[product]], time)

    def load_value(self, channel: str, product: str, dumped: bytes) -> Book:  # noqa: ARG002
        """Return a book that was dumped; see `KeyedState`."""
        return Book.load(product, dumped)

    def needs(self) -> Sequence[Need] | None:
        """Return which frames it depends on; see `KeyedState`."""
        if self.wanted is None:
            return None
        wanted = set(self.wanted)
        wanted |= {(TICKER, product) for channel, product in wanted if channel == TICKER_BATCH}
        if ("status", "") in wanted:  # it has all products
            wanted = {key for key in wanted if key[0] != "status" or not key[1]}
        return [_need_of(key) for key in sorted(wanted)]

    def is_settled(self, channel: str, product: str) -> bool:
        """Return whether the last frames tell all; see `KeyedState`. Of trades there must be enough."""
        if channel != "market_trades":
            return super().is_settled(channel, product)
        items = self.values.get((channel, product))
        return isinstance(items, _Items) and (items.is_whole or len(items.texts) == _TRADES)

    def _makes_batch(self, product: str) -> bool:
        return self.wanted is not None and (TICKER_BATCH, product) in self.wanted

    def _apply_book(self, payload: bytes) -> None:
        frame = decode_book_frame(payload)
        if frame is None:
            return
        for event in frame.events:
            if not self.keeps("level2", event.product_id):
                continue
            key = "level2", event.product_id
            if event.type == "snapshot":
                self.values[key] = Book(event.product_id)
            book = self.values.get(key)
            if isinstance(book, Book) and event.type in {"snapshot", "update"}:
                book.change(event.updates, bytes(frame.client_id))

    def apply_run(self, payloads: Sequence[bytes], describe: Describe) -> None:
        """
        Take in frames that follow each other; see `KeyedState`.

        What they change of a book is put into it at once, and decoding them shows what they are: that takes a third of
        the time.
        """
        if type(self).apply is not MarketState.apply:  # a plug-in knows more of a frame
            super().apply_run(payloads, describe)
            return
        changes: dict[str, tuple[list[Update], msgspec.Raw]] = {}
        for payload in payloads:
            frame = decode_book_frame(payload)
            event = None if frame is None or len(frame.events) != 1 else frame.events[0]
            if frame is None or event is None or frame.channel != "l2_data" or event.type != "update":
                self._change_books(changes)
                self.apply(describe(payload), payload)
            elif event.product_id in changes:
                updates, _ = changes[event.product_id]
                updates += event.updates
                changes[event.product_id] = updates, frame.client_id
            else:
                changes[event.product_id] = event.updates, frame.client_id
        self._change_books(changes)

    def _change_books(self, changes: dict[str, tuple[list[Update], msgspec.Raw]]) -> None:
        """Put into the books what was to be changed, and forget it."""
        for product, (updates, client_id) in changes.items():
            book = self.values.get(("level2", product))
            if isinstance(book, Book):
                book.change(updates, bytes(client_id))
        changes.clear()

    def _apply_items(self, channel: str, payload: bytes) -> None:
        changes: list[tuple[str, dict[str, list[tuple[str, bytes]]]]] = []
        try:
            if not payload.isascii():
                payload.decode()  # what is cut out verbatim is not checked otherwise
            frame = _decode_items_frame(payload)
            for event in frame.events:
                by_product: dict[str, list[tuple[str, bytes]]] = {}
                changes.append((event.type, by_product))
                for raw in getattr(event, _LISTS[channel]):
                    product, key = _key(channel, raw)
                    by_product.setdefault(product, []).append((key, bytes(raw)))
        except NOT_UNDERSTOOD:
            return
        for kind, by_product in changes:
            if kind in {"snapshot", "update"}:
                self._change_items(channel, kind, by_product, bytes(frame.client_id))

    def _change_items(
        self, channel: str, kind: str, by_product: dict[str, list[tuple[str, bytes]]], client_id: bytes
    ) -> None:
        for product, found in by_product.items():
            wanted = found
            if channel == "status":
                wanted = [item for item in found if self.keeps(channel, item[0])]
            elif not self.keeps(channel, product):
                continue
            if not wanted:
                continue
            items = self.values.get((channel, product))
            if not isinstance(items, _Items) or (kind == "snapshot" and channel != "status"):
                items = self.values[channel, product] = _Items(channel, is_whole=kind == "snapshot")
            items.change(wanted, client_id)


def _key(channel: str, raw: msgspec.Raw) -> tuple[str, str]:
    """Return an object's product ("" for status, which is one list) and what tells it from others of its kind."""
    if channel == "market_trades":
        trade = _decode_trade(raw)
        return trade.product_id, trade.trade_id
    if channel == "candles":
        candle = _decode_candle(raw)
        return candle.product_id, candle.start.zfill(20)  # so that texts sort as the seconds that they are
    if channel == "status":
        return "", _decode_status(raw).id
    return _decode_ticker(raw).product_id, ""


def _need_of(key: Key) -> Need:
    channel, product = key
    since = _SINCE.get(channel, "settled")
    if (channel in PRIVATE and channel != FUTURES_BALANCE) or key == ("status", ""):
        since = "beginning"
    names = ("l2_data", "level2") if channel == "level2" else (channel,)
    words = (written(product),) if product else ()
    return Need(key, (channel,), product, tuple((written(name), *words) for name in names), since)
