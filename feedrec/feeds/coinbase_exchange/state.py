"""
What a client that subscribes in the middle of a recording is told first: the market as the frames so far have left it.

Taking in a frame and writing a snapshot are done in steps, between which a thread may let others run.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

import msgspec

from ...model import FrameInfo
from ..steps import NOT_UNDERSTOOD, apply_in_steps, join_in_steps
from .book import Book, decode_book_frame
from .channels import described_name
from .frames import TradeInfo, venue_time

__all__ = ["STATEFUL", "Heartbeat", "MarketState"]

STATEFUL = ("level2", "ticker", "matches", "status", "level3", "heartbeat")
"""Described channels of which the state has something to tell."""

_OF_NO_PRODUCT = ("status", "level3")
"""Those of which one frame is for all products: the list of them, and the schema of the rows."""

_type_of_match = re.compile(rb'("type"\s*:\s*)"match"')


class Heartbeat(msgspec.Struct):
    """A heartbeat as the venue writes it, key for key (capture of 2026-09-30)."""

    type: str
    last_trade_id: int
    product_id: str
    sequence: int
    time: str


class MarketState:
    """
    The market as recorded frames have left it, and what the venue would send of it to a new subscriber.

    Channels go by the names under which frames are described: of `level2` the book, once a snapshot was seen; of
    `ticker` the last one; of `matches` the last one, as a `last_match`; of `status` the last frame; of `level3` the
    schema, without which its rows cannot be read. `heartbeat` gives the last numbers of a product, if it is asked for.

    It is not safe to be used from two threads at once; a copy is independent of its original.

    Args:
        wanted: (channel, product) to keep; None keeps everything but heartbeats.

    """

    def __init__(self, wanted: Collection[tuple[str, str]] | None = None) -> None:
        self._wanted = None if wanted is None else frozenset(_key(*one) for one in wanted)
        self._beating = frozenset(product for channel, product in self._wanted or () if channel == "heartbeat")
        self._books: dict[str, Book] = {}
        self._last: dict[tuple[str, str], bytes] = {}
        self._numbers: dict[str, tuple[int, int]] = {}

    def apply(self, info: FrameInfo, payload: bytes) -> Iterator[None]:
        """
        Take in one recorded frame, in steps: nothing happens until it is iterated, and it must be to the end.

        A frame of up to 16 KiB is one step. A longer one changes nothing before all of it is understood; a book's
        snapshot then shows when it is complete, a long update may show in part between steps. A frame that is not
        wanted or not understood changes nothing.

        Args:
            info: What `Feed.describe` says of it.
            payload: The frame as recorded.

        """
        channel = info.channel
        product = info.products[0] if info.products else ""
        if product in self._beating:
            self._note_numbers(product, info)
        if channel == "level2":
            if product and self._keeps(channel, product):
                yield from self._apply_book(info, payload)
        elif channel in {"ticker", "matches"}:
            if product and self._keeps(channel, product) and payload.isascii():  # as is; what is not ASCII is none
                self._last[channel, product] = payload
        elif channel in _OF_NO_PRODUCT and not product and self._keeps(channel, product) and _is_text(payload):
            self._last[channel, product] = payload

    def apply_all(self, frames: Iterable[tuple[FrameInfo, bytes]]) -> Iterator[None]:
        """Take in many frames, with a pause at least after each 64 KiB; see `apply`."""
        return apply_in_steps(self.apply, frames)

    def keys(self) -> list[tuple[str, str]]:
        """Give the (channel, product) for which a snapshot can be given; the product is empty where it is for all."""
        return [*(("level2", product) for product in self._books), *self._last]

    def snapshot(self, channel: str, product: str, time: int) -> Iterator[bytes | None]:
        """
        Make the frame that the venue would send to a client that subscribes now.

        It tells of the state at the time of the call, whatever is applied before it is read to the end.

        Args:
            channel: As frames are described, or as subscribed.
            product: The product.
            time: The recorded time of the subscription in nanoseconds, for a book that has no time of its own.

        Returns:
            None for each step, at last the payload; nothing at all if there is none to give.

        """
        channel, product = _key(channel, product)
        if channel == "level2":
            book = self._books.get(product)
            if book is None:
                return iter(())
            copy = book.copy()
            return join_in_steps(copy.render(product, copy.time or venue_time(time)))
        if channel == "heartbeat":
            numbers = self._numbers.get(product)
            return iter(() if numbers is None else (_heartbeat(product, numbers, time),))
        payload = self._last.get((channel, product))
        if payload is None:
            return iter(())
        return iter((_type_of_match.sub(rb'\1"last_match"', payload, count=1) if channel == "matches" else payload,))

    def copy(self) -> MarketState:
        """Copy the state in one step; the texts are shared."""
        copy = MarketState(self._wanted)
        copy._books = {product: book.copy() for product, book in self._books.items()}
        copy._last = self._last.copy()
        copy._numbers = self._numbers.copy()
        return copy

    def clear(self) -> Iterator[None]:
        """Forget everything, in steps."""
        self._last.clear()
        self._numbers.clear()
        while self._books:
            yield from self._books.popitem()[1].clear()

    def _keeps(self, channel: str, product: str) -> bool:
        return self._wanted is None or (channel, product) in self._wanted

    def _note_numbers(self, product: str, info: FrameInfo) -> None:
        sequence, trade = self._numbers.get(product, (0, 0))
        trade = max(trade, info.trade_id) if isinstance(info, TradeInfo) else trade
        self._numbers[product] = max(sequence, info.sequence or 0), trade

    def _apply_book(self, info: FrameInfo, payload: bytes) -> Iterator[None]:
        before = self._books.get(info.products[0])
        if info.kind != "snapshot" and before is None:
            return
        try:
            change = yield from decode_book_frame(payload, info.kind)
        except NOT_UNDERSTOOD:
            return
        book = Book() if info.kind == "snapshot" or before is None else before
        pieces = change.pieces
        for number, levels in enumerate(pieces):
            if number:
                yield
            book.change(levels)
            pieces[number] = []  # let go one by one as they are used
        book.time = change.time or book.time
        if book is not before:
            self._books[change.product] = book
            if before is not None:
                yield from before.clear()


def _key(channel: str, product: str) -> tuple[str, str]:
    channel = described_name(channel)
    return channel, "" if channel in _OF_NO_PRODUCT else product


def _heartbeat(product: str, numbers: tuple[int, int], time: int) -> bytes:
    sequence, trade = numbers
    return msgspec.json.encode(Heartbeat("heartbeat", trade, product, sequence, venue_time(time)))


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
