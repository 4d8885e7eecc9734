"""Frames of level2 with the best levels alone, and the numbers of all frames without those that say nothing then."""

from __future__ import annotations

import msgspec

from ...model import FrameInfo
from ..decoding import NOT_UNDERSTOOD, decoder_of
from ..rewriting.arrays import entries_of
from ..rewriting.trimmed_books import BookTrimming
from ..state.top_levels import ToldLevel
from .answers import renumbered
from .book import Update
from .numbering import RecordedCount

__all__ = ["TrimmedFrames"]


class _Event(msgspec.Struct, gc=False):
    type: str
    product_id: str
    updates: msgspec.Raw


class _BookFrame(msgspec.Struct, gc=False):
    events: list[_Event]


_decode_frame = decoder_of(_BookFrame)
_decode_updates = msgspec.json.Decoder(list[Update]).decode
_encode = msgspec.json.Encoder().encode

_Change = tuple[bytes, list[bytes] | None]
"""An array of updates as it stands, and its entries from now on; None if it stays."""


class TrimmedFrames(BookTrimming):
    """The frames of one connection; `levels` of each side are kept."""

    def __init__(self, levels: int) -> None:
        super().__init__(levels, zero="0")
        self._ask_side = "offer"
        self._count = RecordedCount()
        self._number: int | None = None  # the next one
        self._place: int | None = None  # that of this frame alone

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:
        """Cut a frame of level2, and give any frame its number; see `FrameChange`."""
        sequence = info.sequence if in_sequence else None
        if sequence is not None:
            self._take(sequence)
        kept = self._trimmed(payload) if info.channel == "level2" else payload
        if sequence is None or self._number is None:
            return kept
        number = self._number if self._place is None else self._place
        if self._place is not None:
            self._count.after_suspect = number + (kept is not None)
        elif kept is not None:
            self._number += 1
        return kept if kept is None or number == sequence else bytes(renumbered(kept, sequence, number))

    def left_out(self, info: FrameInfo) -> None:
        """Count a frame that will not be there; see `FrameChange`."""
        if info.sequence is not None:
            self._take(info.sequence)
            if self._place is not None:
                self._count.after_suspect = self._place

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:  # noqa: ARG002
        """Return the numbers of a gap; see `FrameChange`."""
        if self._number is None:
            return expected, received
        return self._number, self._number + received - expected

    def reset(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:  # noqa: ARG002
        """Return the numbers of a reset; see `FrameChange`."""
        return (expected, received) if self._number is None else (self._number, self._count.suspect_place)

    def _take(self, sequence: int) -> None:
        if self._number is None:
            self._number = sequence
        count, self._place = self._count, None
        if sequence == count.expected:
            count.expected = sequence + 1
            count.places.append(self._number)
        else:
            self._number, self._place = count.take(sequence, self._number)

    def _trimmed(self, payload: bytes) -> bytes | None:
        """Return a frame with the best levels alone, None if it changes none of them."""
        frame = _decode_frame(payload)
        if frame is None:
            return self.miss(payload)
        changes: list[_Change] = []
        says_something = False
        try:
            decoded = [_decode_updates(event.updates) for event in frame.events]
        except NOT_UNDERSTOOD:
            return self.miss(payload)
        for event, updates in zip(frame.events, decoded, strict=True):
            entries = self._entries(event, updates)
            changes.append((bytes(event.updates), entries))
            says_something |= event.type != "update" or entries is None or bool(entries)
        if not says_something:
            return None
        if all(entries is None for _, entries in changes):
            return payload
        return self.with_entries(payload, changes)

    def _entries(self, event: _Event, updates: list[Update]) -> list[bytes] | None:
        """Return the updates of an event that are kept, and those that are added; None if all stay as they are."""
        levels = [(one.side == "bid", one.price_level, one.new_quantity) for one in updates]
        self._ask_side = next((one.side for one in reversed(updates) if one.side != "bid"), self._ask_side)
        if event.type == "snapshot":
            kept = self.books.begin(event.product_id, levels)
            if len(kept) == len(updates):
                return None
            texts = entries_of(event.updates)
            return [texts[place] for place in kept]
        if event.type != "update" or event.product_id not in self.books:
            self.missed += 1
            return None
        told = self.books.change(event.product_id, levels)
        if told is None:
            return None
        texts = entries_of(event.updates)
        time = updates[-1].event_time if updates else ""
        return [self._text(level, time) if level.place is None else texts[level.place] for level in told]

    def _text(self, level: ToldLevel, time: str) -> bytes:
        """Write an update of a level about which the frame said nothing."""
        quantity = self.books.zero if level.quantity is None else level.quantity
        side = "bid" if level.is_bid else self._ask_side
        return _encode({"side": side, "event_time": time, "price_level": level.price, "new_quantity": quantity})
