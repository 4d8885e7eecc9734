"""Choosing records of a recording by channel, product and time."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ..model import Frame, FrameInfo, Record

__all__ = ["Selection"]


class Selection(msgspec.Struct, frozen=True):
    """
    A choice of records; what is left empty chooses everything.

    A choice by channel or product takes frames only: events belong to none.

    Attributes:
        channels: Names of channels.
        products: Names of products, of which a frame must speak of at least one.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive, in nanoseconds.

    """

    channels: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    start: int | None = None
    end: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether there is nothing that it leaves out."""
        return self == Selection()

    def takes(self, record: Record, describe: Callable[[bytes], FrameInfo]) -> bool:
        """Tell whether a record is among the chosen; `describe` is the feed's."""
        if self.start is not None and record.time < self.start:
            return False
        if self.end is not None and record.time >= self.end:
            return False
        if not (self.channels or self.products):
            return True
        if not isinstance(record, Frame) or record.binary:
            return False
        info = describe(record.payload)
        if self.channels and info.channel not in self.channels:
            return False
        return not self.products or not self.products.isdisjoint(info.products)
