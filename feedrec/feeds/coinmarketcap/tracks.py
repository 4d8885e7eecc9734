"""
What two connections to CoinMarketCap have in common ("On-chain" pages).

Swaps and changes of liquidity have a transaction and a place within it; many of them have the time of one block. What
else is on-chain has a time of its own; prices have that of the push.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ...model import NANOSECONDS, TIME_LIMIT, FrameInfo
from ..decoding import decoder_of, whole_number
from ..tracks.track_rule import Cover, Track, TrackRule
from .frames import PushInfo, own_time

__all__ = ["CoinMarketCapTracks"]

_ONCE = ("onchain@transaction", "onchain@liquidity_event")
_OUT_OF_ORDER = 5 * NANOSECONDS  # blocks may come out of order; how much is not documented


class _Data(msgspec.Struct, gc=False):
    ts: Any = None
    ot: Any = None
    tx: Any = None
    lgid: Any = None


class _Push(msgspec.Struct, gc=False):
    data: msgspec.Raw = msgspec.Raw()
    ts: Any = None


_decode_push = decoder_of(_Push)
_decode_data = decoder_of(_Data)


class CoinMarketCapTracks(TrackRule):
    """The rule of CoinMarketCap; see `TrackRule`."""

    venue_time = staticmethod(own_time)

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, tuple[str, ...], str], tuple[Track, ...]] = {}

    def tracks(self, info: FrameInfo) -> Sequence[Track]:
        """Return the track of its product; of holders there are several kinds. See `TrackRule`."""
        if info.kind != "update":
            return ()
        topic = info.topic if isinstance(info, PushInfo) else ""
        key = info.channel, info.products, topic
        found = self._tracks.get(key)
        if found is None:
            reach = _OUT_OF_ORDER if info.channel in _ONCE else 0
            products = [f"{one}:{topic}" if topic else one for one in info.products or ("",)]
            found = self._tracks[key] = tuple(Track(info.channel, product, reach=reach) for product in products)
        return found

    def cover(self, track: Track, info: FrameInfo, payload: bytes) -> Cover | None:  # noqa: ARG002
        """Return its time, and what it tells; see `TrackRule`."""
        push = _decode_push(payload)
        if push is None:
            return None
        text = bytes(push.data)
        data = _decode_data(text) or _Data()
        time = _nanoseconds(data.ts) or _nanoseconds(data.ot) or _nanoseconds(push.ts)
        if time is None:
            return None
        is_known = bool(track.reach) and data.tx is not None
        return Cover(time, time, f"{data.tx} {data.lgid}".encode() if is_known else text)


def _nanoseconds(milliseconds: Any) -> int | None:
    number = whole_number(milliseconds)
    return None if number is None or number >= TIME_LIMIT // 1_000_000 else number * 1_000_000
