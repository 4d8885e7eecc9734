"""
Whether the two numbers of a trade agree with those of others.

The venue counts the trades of a product, and all that happens to it; `match` and `ticker` name both numbers of a trade.
So a trade with a higher sequence has a higher id, and one sequence has one id: all 214 frames of the capture of
2021-04-17 agree. Which frames are missing, and which come late, is not judged here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...model import FrameInfo
from ..checking import Finding
from ..sequence import LARGEST_GAP
from .frames import TradeInfo

__all__ = ["TradeNumbers"]


class TradeNumbers:
    """Finds trades whose id contradicts their sequence; see `FrameCheck`."""

    channels: Collection[str] = frozenset(("matches", "ticker"))

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}  # sequence and trade with the highest sequence

    def take(self, time: int, info: FrameInfo, payload: bytes) -> Sequence[Finding]:  # noqa: ARG002
        """Take a frame; what is not about a trade says nothing."""
        if not isinstance(info, TradeInfo) or info.sequence is None or not info.products:
            return ()
        product, numbers = info.products[0], (info.sequence, info.trade_id)
        before = self._last.get(product, numbers)
        ahead, later = numbers[0] - before[0], numbers[1] - before[1]
        if ahead >= 0 or abs(ahead) > LARGEST_GAP:  # a count that began anew, see feeds/sequence.py
            self._last[product] = numbers
        if max(abs(ahead), abs(later)) > LARGEST_GAP or (ahead > 0) - (ahead < 0) == (later > 0) - (later < 0):
            return ()
        known = {"sequence": before[0], "trade_id": before[1]}
        text = (
            f"the numbers of {info.channel} {product} contradict each other: trade {numbers[1]} has the sequence "
            f"{numbers[0]}, but trade {before[1]} has {before[0]}"
        )
        details = {"channel": info.channel, "product": product, "sequence": numbers[0], "trade_id": numbers[1]}
        return (Finding("contradiction", text, details | {"other": known}),)
