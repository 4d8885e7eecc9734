"""Frames of level2 and its batches with the best levels alone; they have no numbers."""

from __future__ import annotations

import msgspec

from ...model import FrameInfo
from ..decoding import NOT_UNDERSTOOD, decoder_of
from ..rewriting.arrays import entries_of
from ..rewriting.trimmed_books import BookTrimming
from ..state.book import Level
from ..state.top_levels import ToldLevel

__all__ = ["TrimmedFrames"]


class _Snapshot(msgspec.Struct, gc=False):
    product_id: str
    asks: msgspec.Raw
    bids: msgspec.Raw


class _Update(msgspec.Struct, gc=False):
    product_id: str
    changes: msgspec.Raw


_decode_snapshot = decoder_of(_Snapshot)
_decode_update = decoder_of(_Update)
_decode_levels = msgspec.json.Decoder(list[Level]).decode
_decode_changes = msgspec.json.Decoder(list[tuple[str, str, str]]).decode
_encode = msgspec.json.Encoder().encode


class TrimmedFrames(BookTrimming):
    """The frames of one connection; `levels` of each side are kept."""

    def __init__(self, levels: int) -> None:
        super().__init__(levels, zero="0.00000000")

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:  # noqa: ARG002
        """Cut a frame of a book; see `FrameChange`."""
        if info.channel != "level2":
            return payload
        try:
            if info.kind == "snapshot":
                return self._cut_snapshot(payload)
            return self._cut_update(payload)
        except NOT_UNDERSTOOD:
            return self.miss(payload)

    def _cut_snapshot(self, payload: bytes) -> bytes:
        frame = _decode_snapshot(payload)
        if frame is None:
            return self.miss(payload)
        bids, asks = _decode_levels(frame.bids), _decode_levels(frame.asks)
        levels = [(True, price, size) for price, size in bids] + [(False, price, size) for price, size in asks]
        kept = self.books.begin(frame.product_id, levels)
        if len(kept) == len(levels):
            return payload
        texts = entries_of(frame.bids) + entries_of(frame.asks)
        sides = [
            (bytes(frame.bids), [texts[place] for place in kept if place < len(bids)]),
            (bytes(frame.asks), [texts[place] for place in kept if place >= len(bids)]),
        ]
        if payload.rfind(b'"bids"') > payload.rfind(b'"asks"'):  # of a snapshot, the asks come first today
            sides.reverse()
        return self.with_entries(payload, sides)

    def _cut_update(self, payload: bytes) -> bytes | None:
        frame = _decode_update(payload)
        if frame is None or frame.product_id not in self.books:
            return self.miss(payload)
        changes = _decode_changes(frame.changes)
        told = self.books.change(frame.product_id, [(side != "sell", price, size) for side, price, size in changes])
        if told is None:
            return payload
        if not told:
            return None
        texts = entries_of(frame.changes)
        told.sort(key=lambda level: len(texts) if level.place is None else level.place)
        entries = [self._text(level) if level.place is None else texts[level.place] for level in told]
        return self.with_entries(payload, [(bytes(frame.changes), entries)])

    def _text(self, level: ToldLevel) -> bytes:
        """Write a change of a level about which the frame said nothing."""
        side = "buy" if level.is_bid else "sell"
        return _encode([side, level.price, self.books.zero if level.quantity is None else level.quantity])
