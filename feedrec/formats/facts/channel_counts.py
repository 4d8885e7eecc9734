"""Received frames and the bytes of their payloads, by connection, channel and products."""

from __future__ import annotations

from collections.abc import Sequence

from ...model import FrameInfo, FrameInfos

__all__ = ["ChannelCounts"]

Key = tuple[int, str, tuple[str, ...]]


class ChannelCounts:
    """
    Counts frames.

    Attributes:
        counts: The number of frames, and the bytes of their payloads, by connection, channel and products.

    """

    def __init__(self) -> None:
        self.counts: dict[Key, list[int]] = {}

    def add_run(self, conn: int, infos: Sequence[FrameInfo], sizes: Sequence[int]) -> None:
        """Count frames of one connection, which is done more often than anything else."""
        if isinstance(infos, FrameInfos):
            kinds, which = infos.kinds, infos.which
        else:
            kinds, which = list(infos), list(range(len(infos)))
        sizes_of: dict[int, list[int]] = {place: [] for place in dict.fromkeys(which)}  # in order of appearance
        for place, size in zip(which, sizes, strict=True):
            sizes_of[place].append(size)
        for place, counted in sizes_of.items():
            info = kinds[place]
            both = self.counts.setdefault((conn, info.channel, info.products), [0, 0])
            both[0] += len(counted)
            both[1] += sum(counted)

    def add(self, conns: Sequence[int], infos: Sequence[FrameInfo | None], sizes: Sequence[int]) -> None:
        """Count frames: their connections, descriptions (None for what is no received frame), and payload sizes."""
        counts = self.counts
        for conn, info, size in zip(conns, infos, sizes, strict=True):
            if info is None:
                continue
            key = conn, info.channel, info.products
            if key in counts:
                both = counts[key]
                both[0] += 1
                both[1] += size
            else:
                counts[key] = [1, size]
