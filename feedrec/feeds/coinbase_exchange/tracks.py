"""
What two connections to Coinbase Exchange have in common (Exchange channels page; capture of 2021-04-17).

Sequence numbers and those of trades belong to the venue. `full`, `level3` and trades have theirs without holes. All
else is in the order of its times, of which several frames may have the same: they are told apart by their bytes, which
are the same on every connection.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ...model import FrameInfo
from ..tracks.track_rule import Cover, Track, TrackRule
from .frames import TradeInfo, own_time

__all__ = ["ExchangeTracks"]

_COUNTED = ("full", "level3", "matches")


class ExchangeTracks(TrackRule):
    """
    The rule of Coinbase Exchange; see `TrackRule`.

    Args:
        channels: The channels that were asked for.

    """

    is_by_product = True
    venue_time = staticmethod(own_time)

    def __init__(self, channels: Collection[str]) -> None:
        self._has_full = "full" in channels
        self._has_matches = "matches" in channels or not self._has_full
        self._tracks: dict[tuple[str, tuple[str, ...], str], tuple[Track, ...]] = {}

    def tracks(self, info: FrameInfo) -> Sequence[Track]:
        """Return the track of its product; a trade may be of two. See `TrackRule`."""
        key = info.channel, info.products, info.kind
        found = self._tracks.get(key)
        if found is None:
            product = info.products[0] if info.products else ""
            found = self._tracks[key] = tuple(
                Track(
                    name,
                    product,
                    is_counted=name in _COUNTED,
                    is_state=name == "level2",
                    is_beat=name == "heartbeat",
                )
                for name in self._names(info, product)
            )
        return found

    def cover(self, track: Track, info: FrameInfo, payload: bytes) -> Cover | None:
        """Return its number, or its time; see `TrackRule`."""
        if not track.is_counted:
            position = own_time(payload)
        elif track.channel == "matches":
            position = info.trade_id if isinstance(info, TradeInfo) else None
        else:
            position = info.sequence
        return None if position is None else Cover(position, position, payload)

    def _names(self, info: FrameInfo, product: str) -> list[str]:
        """Return the channels whose count or order a frame is in."""
        channel = info.channel
        if info.kind in ("ack", "error") or not channel or (channel == "level3" and not product):
            return []
        if channel == "matches":
            in_full = self._has_full and info.kind != "snapshot"
            return (["full"] if in_full else []) + (["matches"] if self._has_matches or not in_full else [])
        return ["full"] if channel == "user" and self._has_full else [channel]
