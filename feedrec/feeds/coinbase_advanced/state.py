"""
What a client that subscribes in the middle of a recording is told first: the market as the frames so far have left it.

Taking in a frame and writing a snapshot are done in steps, between which a thread may let others run; `book.py` has the
part for which that matters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

import msgspec

from ...model import FrameInfo
from ..steps import NOT_UNDERSTOOD, STEP_ITEMS, apply_in_steps, join_in_steps
from .account import AccountState
from .book import Book, BookChange, decode_changes
from .channels import PRIVATE
from .frames import snapshot_head, text_items

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
    The objects that one channel last gave for a product, verbatim.

    They are kept in the order in which the venue made them, by what tells one from another: the trade's id, the
    candle's start, the product of status. A ticker is alone.
    """

    __slots__ = ("client_id", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.client_id = b""

    def copy(self) -> _Items:
        copy = _Items()
        copy.texts = self.texts.copy()
        copy.client_id = self.client_id
        return copy

    def change(self, channel: str, items: list[tuple[str, bytes]]) -> None:
        """Add the objects of a frame, given in the order in which it has them."""
        self.texts.update(reversed(items) if channel == "market_trades" else items)
        if channel == "candles":
            self.texts = dict(sorted(self.texts.items())[-_CANDLES:])
        elif channel == "market_trades" and len(self.texts) > _TRADES:
            self.texts = dict(islice(self.texts.items(), len(self.texts) - _TRADES, None))

    def render(self, head: bytes, channel: str, product: str) -> Iterator[bytes]:
        """Write the frame; what it tells is taken now, not when the first part is asked for."""
        one_of_all = channel == "status" and product
        texts = [self.texts[product]] if one_of_all else list(self.texts.values())
        if channel == "market_trades":
            texts.reverse()
        key = _LISTS[channel].encode()
        return text_items(head + b'"' + key + b'":[', texts, b"]}]}")


class MarketState:
    """
    The market as recorded frames have left it, and the snapshots that the venue would send of it.

    Channels go by the names under which they are subscribed: `level2`, `ticker`, `ticker_batch`, `market_trades`,
    `candles`, `status`, and the private ones, which `AccountState` is for. Of level2 there is a state once a snapshot
    was seen, of the other public ones as soon as anything was. A snapshot that comes later, after a reconnect, takes
    the place of all before it; but that of status need not speak of all products.

    It is not safe to be used from two threads at once; a copy is independent of its original.

    Args:
        wanted: (channel, product) to keep; the product `""` of status means all of them, and is the only one of private
            channels. None keeps everything.

    """

    def __init__(self, wanted: Collection[tuple[str, str]] | None = None) -> None:
        self._wanted = None if wanted is None else frozenset(wanted)
        self._books: dict[str, Book] = {}
        self._items: dict[tuple[str, str], _Items] = {}
        self._account = AccountState()

    def apply(self, info: FrameInfo, payload: bytes) -> Iterator[None]:
        """
        Take in one recorded frame, in steps: nothing happens until it is iterated, and it must be to the end.

        A frame of up to 64 KiB is one step, without a pause. A longer one changes nothing before all of it is
        understood; a book's snapshot then shows when it is complete, a long update may show in part between steps. A
        frame that is not wanted or not understood changes nothing.

        Args:
            info: What `Feed.describe` says of it.
            payload: The frame as recorded.

        """
        if info.kind not in {"snapshot", "update"} or not self._concerns(info):
            return
        if info.channel in PRIVATE:
            self._account.apply(info, payload)
        elif info.channel == "level2":
            yield from self._apply_book(payload)
        elif info.channel in _LISTS:
            yield from self._apply_items(info.channel, payload)

    def apply_all(self, frames: Iterable[tuple[FrameInfo, bytes]]) -> Iterator[None]:
        """Take in many frames, with a pause at least after each 64 KiB; see `apply`."""
        return apply_in_steps(self.apply, frames)

    def has(self, channel: str, product: str) -> bool:
        """Tell whether a snapshot can be given; the product `""` of status means all of them."""
        if channel in PRIVATE:
            return not product and self._account.has(channel)
        if channel == "level2":
            return product in self._books
        if channel == "status":
            items = self._items.get((channel, ""))
            return items is not None and (not product or product in items.texts)
        return (channel, product) in self._items

    def keys(self) -> list[tuple[str, str]]:
        """Give the (channel, product) for which a snapshot can be given: each book, each list of objects once."""
        return [*(("level2", product) for product in self._books), *self._items, *self._account.keys()]

    def snapshot(self, channel: str, product: str, time: int) -> Iterator[bytes | None]:
        """
        Make the frame that the venue would send to a client that subscribes now, with 0 for its sequence number.

        It tells of the state at the time of the call, whatever is applied before it is read to the end.

        Args:
            channel: As subscribed.
            product: The product; `""` of status means all of them.
            time: The recorded time of the subscription in nanoseconds, for `timestamp`.

        Returns:
            None for each step, at last the payload; nothing at all if `has` says no.

        """
        if not self.has(channel, product):
            return iter(())
        if channel in PRIVATE:
            return join_in_steps(self._account.render(channel, time))
        if channel == "level2":
            book = self._books[product].copy()
            return join_in_steps(book.render(snapshot_head("l2_data", book.client_id, time), product))
        items = self._items[channel, "" if channel == "status" else product]
        return join_in_steps(items.render(snapshot_head(channel, items.client_id, time), channel, product))

    def copy(self) -> MarketState:
        """Copy the state in one step, 6 to 20 ns a level; the texts are shared."""
        copy = MarketState(self._wanted)
        copy._books = {product: book.copy() for product, book in self._books.items()}
        copy._items = {key: items.copy() for key, items in self._items.items()}
        copy._account = self._account.copy()
        return copy

    def clear(self) -> Iterator[None]:
        """Forget everything, in steps: to let go of the last copy of a state at once would be one step of 5 ms."""
        self._items.clear()
        self._account.clear()
        while self._books:
            yield from self._books.popitem()[1].clear()

    def _keeps(self, channel: str, product: str) -> bool:
        wanted = self._wanted
        return wanted is None or (channel, product) in wanted or (channel == "status" and (channel, "") in wanted)

    def _concerns(self, info: FrameInfo) -> bool:
        if info.channel in PRIVATE:
            return self._keeps(info.channel, "")
        return any(self._keeps(info.channel, product) for product in info.products)

    def _apply_book(self, payload: bytes) -> Iterator[None]:
        try:
            changes = yield from decode_changes(payload)
        except NOT_UNDERSTOOD:
            return
        for change in changes:
            if change.kind in {"snapshot", "update"} and self._keeps("level2", change.product):
                yield from self._change_book(change)

    def _change_book(self, change: BookChange) -> Iterator[None]:
        """Change a book, or make it anew; the pieces are let go one by one as they are used."""
        before = self._books.get(change.product)
        book = Book() if change.kind == "snapshot" else before
        if book is None:
            return
        pieces = change.pieces
        for number, levels in enumerate(pieces):
            if number:
                yield
            book.change(levels)
            pieces[number] = []
        book.client_id = change.client_id
        if book is not before:
            self._books[change.product] = book
            if before is not None:
                yield from before.clear()

    def _apply_items(self, channel: str, payload: bytes) -> Iterator[None]:
        changes: list[tuple[str, dict[str, list[tuple[str, bytes]]]]] = []
        try:
            if not payload.isascii():
                payload.decode()  # what is cut out verbatim is not checked otherwise
            frame = _decode_items_frame(payload)
            for event in frame.events:
                by_product: dict[str, list[tuple[str, bytes]]] = {}
                changes.append((event.type, by_product))
                for number, raw in enumerate(getattr(event, _LISTS[channel]), 1):
                    product, key = _key(channel, raw)
                    by_product.setdefault(product, []).append((key, bytes(raw)))
                    if not number % STEP_ITEMS:
                        yield
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
                wanted = [item for item in found if self._keeps(channel, item[0])]
            elif not self._keeps(channel, product):
                continue
            if not wanted:
                continue
            items = self._items.get((channel, product))
            if items is None or (kind == "snapshot" and channel != "status"):
                items = self._items[channel, product] = _Items()
            items.change(channel, wanted)
            items.client_id = client_id


def _key(channel: str, raw: msgspec.Raw) -> tuple[str, str]:
    """Give an object's product ("" for status, which is one list) and what tells it from others of its kind."""
    if channel == "market_trades":
        trade = _decode_trade(raw)
        return trade.product_id, trade.trade_id
    if channel == "candles":
        candle = _decode_candle(raw)
        return candle.product_id, candle.start.zfill(20)  # so that texts sort as the seconds that they are
    if channel == "status":
        return "", _decode_status(raw).id
    return _decode_ticker(raw).product_id, ""
