"""Chooses records of a recording by channel, product, connection, direction and time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec

from ...model import Direction, Frame, FrameInfo, FrameInfos, Record, kinds_of
from .index import IndexedBlock

__all__ = ["Selection"]


class Selection(msgspec.Struct, frozen=True):
    """
    A choice of records; whatever is left empty chooses everything.

    A choice by channel, product or direction takes only frames, since events have none of these; with `keeps_events`
    it takes events as well.

    Attributes:
        channels: Names of channels, one or any collection of them; kept as a frozenset, like the next two.
        products: Names of products; a frame must concern at least one of them.
        start: First time, inclusive, in nanoseconds.
        end: Last time, exclusive, in nanoseconds.
        connections: Numbers of connections; what is of none, an `http` event, is chosen whatever they are.
        direction: `in` for received frames, `out` for sent ones.
        keeps_events: Whether events are chosen by time and connection alone.

    """

    channels: Collection[str] = frozenset()
    products: Collection[str] = frozenset()
    start: int | None = None
    end: int | None = None
    connections: Collection[int] = frozenset()
    direction: Direction | None = None
    keeps_events: bool = False

    def __post_init__(self) -> None:
        for name in ("channels", "products", "connections"):
            given = getattr(self, name)
            msgspec.structs.force_setattr(self, name, frozenset([given] if isinstance(given, str) else given))

    @property
    def is_everything(self) -> bool:
        """Whether it excludes nothing."""
        return self.start is None and self.end is None and not self.is_filter

    @property
    def is_filter(self) -> bool:
        """Whether it excludes anything by other means than time."""
        return bool(self.channels or self.products or self.connections or self.direction)

    def as_dict(self) -> dict[str, Any]:
        """Return the choice, except for times, as a JSON object."""
        chosen = {
            "channels": sorted(self.channels),
            "products": sorted(self.products),
            "connections": sorted(self.connections),
            "direction": self.direction,
        }
        return {key: value for key, value in chosen.items() if value}

    def takes(self, record: Record, describe: Callable[[bytes], FrameInfo]) -> bool:
        """Return whether a record is chosen; `describe` is the feed's."""
        conn = record.conn
        if not self._covers(record.time) or (self.connections and conn is not None and conn not in self.connections):
            return False
        if not isinstance(record, Frame):
            return self.keeps_events or not (self.channels or self.products or self.direction)
        if self.direction and record.direction != self.direction:
            return False
        if not (self.channels or self.products):
            return True
        return not record.binary and self._concerns(describe(record.payload))

    def takes_received(self, conn: int, info: FrameInfo) -> bool:
        """Return whether a received frame is chosen, regardless of time; `info` is empty for a binary one."""
        if self.direction == "out" or (self.connections and conn not in self.connections):
            return False
        return self._concerns(info)

    def takes_each(self, conns: Sequence[int], infos: Sequence[FrameInfo]) -> list[bool]:
        """Return of each received frame what `takes_received` returns, faster."""
        if self.direction == "out":
            return [False] * len(infos)
        channels, products, connections = self.channels, self.products, self.connections
        kinds = kinds_of(infos)
        kept = [not channels or info.channel in channels for info in kinds]
        if products:
            kept = [one and not products.isdisjoint(info.products) for one, info in zip(kept, kinds, strict=True)]  # type: ignore[attr-defined]
        if isinstance(infos, FrameInfos):
            kept = list(map(kept.__getitem__, infos.which))
        if connections:
            kept = [one and conn in connections for one, conn in zip(kept, conns, strict=True)]
        return kept

    def may_take_from(self, block: IndexedBlock) -> bool:
        """
        Return whether a block may have lines that are chosen, as far as the index tells.

        It does not tell what the events and sent frames of a block are, nor anything of frames whose channel it does
        not name, and of lines that came without their marks not even their times.
        """
        if block.first is None or block.last is None:
            return block.text > 0
        if (self.end is not None and block.first >= self.end) or (self.start is not None and block.last < self.start):
            return False
        if not self.is_filter or block.has_others:
            return True
        connections = {str(number) for number in self.connections} or block.frames.keys()
        channels = {channel for conn in connections for channel in block.frames.get(conn, ())}
        if self.direction == "out" or not channels:
            return False
        return not self.channels or "" in channels or not channels.isdisjoint(self.channels)

    def _concerns(self, info: FrameInfo) -> bool:
        if self.channels and info.channel not in self.channels:
            return False
        return not self.products or any(product in self.products for product in info.products)

    def _covers(self, time: int) -> bool:
        return (self.start is None or time >= self.start) and (self.end is None or time < self.end)
