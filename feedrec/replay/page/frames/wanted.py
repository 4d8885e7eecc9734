"""Which lines a table shows: a filter for blocks, for their lines before they are decoded, and for what they hold."""

from __future__ import annotations

import msgspec

from ....formats.line.index import IndexedBlock
from ....model import Event, FrameInfo, Record

__all__ = ["EVENT", "SENT", "Wanted"]

EVENT, SENT = "event", "sent"
"""Kinds of lines that are no received frames."""

_SAID = {EVENT: b'"event"', SENT: b'"out"'}
"""What such a line has in it."""


class Wanted(msgspec.Struct, frozen=True):
    """
    What is wanted. An empty text takes everything.

    Attributes:
        channel: The channel of a frame.
        product: One of its products.
        kind: What it is: that of `FrameInfo`, `EVENT` or `SENT`.
        text: What its payload has in it; of an event, its line.

    """

    channel: str = ""
    product: str = ""
    kind: str = ""
    text: str = ""

    @property
    def words(self) -> list[bytes]:
        """What each wanted line has in it as it stands there, unless it has a backslash, or base64."""
        plain = [word for word in (self.product, self.text) if word.isascii() and word.isprintable()]
        words = [word.encode() for word in plain if word and '"' not in word and "\\" not in word]
        said = _SAID.get(self.kind)
        return words if said is None else [*words, said]

    def may_be_in(self, block: IndexedBlock) -> bool:
        """Return whether a block may have such lines."""
        if self.kind in (EVENT, SENT):
            return block.has_others
        channels = {channel for counts in block.frames.values() for channel in counts}
        takes_others = not (self.channel or self.product or self.kind)
        if takes_others and block.has_others:
            return True
        return bool(channels) and (not self.channel or self.channel in channels or "" in channels)

    def takes(self, record: Record, info: FrameInfo, line: bytes) -> bool:
        """Return whether a line is wanted, given what it is."""
        if isinstance(record, Event):
            takes_it = self.kind == EVENT or not (self.channel or self.product or self.kind)
            return takes_it and self.text.encode() in line
        if self.kind and self.kind != (SENT if record.direction == "out" else info.kind):
            return False
        if self.channel and self.channel != info.channel:
            return False
        return (not self.product or self.product in info.products) and self.text.encode() in record.payload
