"""What a client that subscribes in the middle of a recording gets first: the market as the frames so far left it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple, Self

import msgspec

from ...model import Describe, FrameInfo
from ..state.keyed_state import KeyedState, LastFrame
from ..state.need import Look, Need, Since, written
from ..venue import Key
from .book import Book, BookFrame, decode_book_frame
from .channels import described_name
from .frames import TradeInfo, later_number, venue_time

__all__ = ["STATEFUL", "Heartbeat", "MarketState"]

STATEFUL = ("level2", "ticker", "matches", "status", "level3", "heartbeat")
"""Described channels whose subscribers get something first."""

_WITHOUT_PRODUCT = ("status", "level3")
"""Those of which one frame is for all products: the list of them, and the schema of the rows."""

_SINCE: dict[str, Since] = {"level2": "snapshot"}
"""From where on a state must know the frames of a channel, if it is not settled by the last ones."""

_LOOKS: dict[str, tuple[Look, ...]] = {
    "level2": ((b'"l2update"',), (b'"snapshot"',)),
    "ticker": ((b'"ticker"',),),
    "matches": ((b'match"',),),  # of match and last_match
    "status": ((b'"status"',),),
    "level3": ((b'"level3"',),),  # of the schema; rows have none
    "heartbeat": ((),),
}
"""What frames of each channel have, apart from their product."""

_SURE_NUMBERS = 100
"""Frames with a number after which it is known how far a count has come: they come only a little out of order."""

_type_of_match = re.compile(rb'("type"\s*:\s*)"match"')


class Heartbeat(msgspec.Struct):
    """A heartbeat as the venue writes it, key for key (capture of 2026-09-30)."""

    type: str
    last_trade_id: int
    product_id: str
    sequence: int
    time: str


class _LastMatch(LastFrame):
    __slots__ = ()

    def snapshot(self, time: int) -> bytes:  # noqa: ARG002
        return _type_of_match.sub(rb'\1"last_match"', self.payload, count=1)


class _Numbers(NamedTuple):
    """The last numbers that frames of a product had, in any channel."""

    product: str
    sequence: int = 0
    trade: int = 0
    sequences: int = 0
    trades: int = 0

    @property
    def are_sure(self) -> bool:
        """Whether so many frames had them that those before cannot matter."""
        return min(self.sequences, self.trades) >= _SURE_NUMBERS

    def copy(self) -> Self:
        return self

    def snapshot(self, time: int) -> bytes:
        return msgspec.json.encode(Heartbeat("heartbeat", self.trade, self.product, self.sequence, venue_time(time)))


class MarketState(KeyedState):
    """
    The market as recorded frames have left it, and what the venue would send of it to a new subscriber.

    Channels have the names under which frames are described: of `level2` there is the book, once a snapshot was seen;
    of `ticker` the last one; of `matches` the last one, as a `last_match`; of `status` the last frame; of `level3` the
    schema, without which its rows cannot be read. Of `heartbeat` there are the last numbers of a product, only if it is
    wanted by name.

    Args:
        wanted: The keys to keep, channels as described or as subscribed; None for all but heartbeats.

    """

    dumped_channels = ("level2",)
    channels_by_name = ("heartbeat",)

    def __init__(self, wanted: Collection[Key] | None = None) -> None:
        super().__init__(None if wanted is None else [_key(*one) for one in wanted])

    def apply(self, info: FrameInfo, payload: bytes) -> None:
        """Take in a recorded frame; see `KeyedState`."""
        channel = info.channel
        product = info.products[0] if info.products else ""
        if self.wanted is not None and ("heartbeat", product) in self.wanted:
            self._note_numbers(product, info)
        if not self.keeps(channel, product):
            return
        if channel in _WITHOUT_PRODUCT:
            if not product and _is_text(payload):
                self.values[channel, product] = LastFrame(payload)
        elif product and channel == "level2":
            self._apply_book(product, info.kind, payload)
        elif product and channel in {"ticker", "matches"} and payload.isascii():  # sent as it is, so it must be text
            self.values[channel, product] = _LastMatch(payload) if channel == "matches" else LastFrame(payload)

    def snapshot(self, channel: str, product: str, time: int) -> bytes | None:
        """Return the frame that a new subscriber gets first; the channel is as described or as subscribed."""
        return super().snapshot(*_key(channel, product), time)

    def load_value(self, channel: str, product: str, dumped: bytes) -> Book:  # noqa: ARG002
        """Return a book that was dumped; see `KeyedState`."""
        return Book.load(product, dumped)

    def apply_run(self, payloads: Sequence[bytes], describe: Describe) -> None:
        """
        Take in frames that follow each other; see `KeyedState`.

        What they change of a book is put into it at once, and decoding them shows what they are.
        """
        if type(self).apply is not MarketState.apply:  # a plug-in knows more of a frame
            super().apply_run(payloads, describe)
            return
        wanted = self.wanted or ()  # where heartbeats are wanted, the numbers of all frames are
        changes: dict[str, BookFrame] = {}
        for payload in payloads:
            frame = decode_book_frame(payload)
            if frame is None or frame.type != "l2update" or ("heartbeat", frame.product_id) in wanted:
                self._change_books(changes)
                self.apply(describe(payload), payload)
            elif (before := changes.get(frame.product_id)) is None:
                changes[frame.product_id] = frame
            else:
                before.changes += frame.changes
                before.time = frame.time or before.time
        self._change_books(changes)

    def _change_books(self, changes: dict[str, BookFrame]) -> None:
        """Put into the books what was to be changed, and forget it."""
        for product, frame in changes.items():
            book = self.values.get(("level2", product))
            if isinstance(book, Book):
                book.update(frame)
        changes.clear()

    def needs(self) -> Sequence[Need] | None:
        """Return which frames it depends on; see `KeyedState`."""
        if self.wanted is None:
            return None
        return [_need_of(*key) for key in sorted(self.wanted) if key[0] in _LOOKS]

    def is_settled(self, channel: str, product: str) -> bool:
        """Return whether the last frames tell all; see `KeyedState`. Of heartbeats, only many of them do."""
        value = self.values.get((channel, product))
        return value.are_sure if isinstance(value, _Numbers) else super().is_settled(channel, product)

    def _note_numbers(self, product: str, info: FrameInfo) -> None:
        before = self.values.get(("heartbeat", product))
        _, sequence, trade, sequences, trades = before if isinstance(before, _Numbers) else _Numbers(product)
        if isinstance(info, TradeInfo):
            trade, trades = later_number(trade, info.trade_id), trades + 1
        if info.sequence is not None:
            sequence, sequences = later_number(sequence, info.sequence), sequences + 1
        self.values["heartbeat", product] = _Numbers(product, sequence, trade, sequences, trades)

    def _apply_book(self, product: str, kind: str, payload: bytes) -> None:
        book = self.values.get(("level2", product))
        if kind != "snapshot" and book is None:
            return
        frame = decode_book_frame(payload)
        if frame is None:
            return
        if kind == "snapshot":
            self.values["level2", product] = Book(frame)
        elif isinstance(book, Book):
            book.update(frame)


def _key(channel: str, product: str) -> Key:
    channel = described_name(channel)
    return channel, "" if channel in _WITHOUT_PRODUCT else product


def _need_of(channel: str, product: str) -> Need:
    words = (written(product),) if product else ()
    looks = tuple((*look, *words) for look in _LOOKS[channel])
    channels = () if channel == "heartbeat" else (channel,)  # frames of all channels have numbers
    return Need((channel, product), channels, product, looks, _SINCE.get(channel, "settled"))


def _is_text(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
