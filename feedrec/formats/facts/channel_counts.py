"""Received frames and the bytes of their payloads, by connection, channel and products."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from ...model import FrameInfo

__all__ = ["ChannelCounts"]

Key = tuple[int, str, tuple[str, ...]]


class ChannelCounts:
    """
    Counts frames.

    Attributes:
        frames: Frames by connection, channel and products.
        sizes: Bytes of their payloads.

    """

    def __init__(self) -> None:
        self.frames: Counter[Key] = Counter()
        self.sizes: defaultdict[Key, int] = defaultdict(int)

    def add(self, conns: Sequence[int], infos: Sequence[FrameInfo | None], sizes: Sequence[int]) -> None:
        """Count frames: their connections, descriptions (None for what is no received frame), and payload sizes."""
        keys = [
            (conn, info.channel, info.products) for conn, info in zip(conns, infos, strict=True) if info is not None
        ]
        if len(keys) < len(infos):
            sizes = [size for size, info in zip(sizes, infos, strict=True) if info is not None]
        self.frames.update(keys)
        sums = self.sizes
        for key, size in zip(keys, sizes, strict=True):
            sums[key] += size
