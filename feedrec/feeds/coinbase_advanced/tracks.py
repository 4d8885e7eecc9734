"""
What two connections to Advanced Trade have in common (capture of 2026-08-09).

Times of `level2` are those of the book's changes, and grow from frame to frame of a product. Trades of a product are
numbered without holes, over all connections. All else has the time at which the venue wrote it: frames of two
connections differ in that by less than what they tell takes to change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from ...model import FrameInfo, parse_time
from ..decoding import decoder_of, whole_number
from ..tracks.track_rule import Cover, Track, TrackRule
from .frames import own_time

__all__ = ["AdvancedTracks"]

_TRADES = "market_trades"
_OF_ALL_PRODUCTS = ("status", "user", "futures_balance_summary", "heartbeats")

_EVENT_TIME = b'"event_time":"'
_EVENTS = b'"events":'
_trade_ids = re.compile(rb'"trade_id"\s*:\s*"(\d{1,18})"').findall


class _Trade(msgspec.Struct, gc=False):
    product_id: str = ""
    trade_id: str = ""


class _Event(msgspec.Struct, gc=False):
    trades: list[_Trade] = []


class _Trades(msgspec.Struct, gc=False):
    events: list[_Event] = []


_decode_trades = decoder_of(_Trades)


class AdvancedTracks(TrackRule):
    """The rule of Advanced Trade; see `TrackRule`."""

    venue_time = staticmethod(own_time)

    def __init__(self) -> None:
        self._tracks: dict[tuple[str, tuple[str, ...]], tuple[Track, ...]] = {}

    def tracks(self, info: FrameInfo) -> Sequence[Track]:
        """Return one track for each product; see `TrackRule`."""
        if info.kind in ("ack", "error") or not info.channel:
            return ()
        key = info.channel, info.products
        found = self._tracks.get(key)
        if found is None:
            channel = info.channel
            products = ("",) if channel in _OF_ALL_PRODUCTS else info.products or ("",)
            found = self._tracks[key] = tuple(
                Track(
                    channel,
                    product,
                    is_counted=channel == _TRADES,
                    is_state=channel == "level2",
                    is_beat=channel == "heartbeats",
                )
                for product in products
            )
        return found

    def cover(self, track: Track, info: FrameInfo, payload: bytes) -> Cover | None:
        """Return the numbers of trades, or the time; see `TrackRule`."""
        if track.is_counted:
            return _trades(track.product, info, payload)
        time = _event_time(payload) if track.is_state else None
        time = time or own_time(payload)
        return None if time is None else Cover(time, time, payload[max(0, payload.find(_EVENTS)) :])


def _event_time(payload: bytes) -> int | None:
    """Return the time of the changes of a book, which is the same for all of a frame; 0 in documents, not live."""
    start = payload.find(_EVENT_TIME) + len(_EVENT_TIME)
    end = payload.find(b'"', start)
    if start < len(_EVENT_TIME):
        return None
    try:
        return parse_time(payload[start:end].decode())
    except ValueError:
        return None


def _trades(product: str, info: FrameInfo, payload: bytes) -> Cover | None:
    if len(info.products) == 1:
        numbers = list(map(int, _trade_ids(payload)))
    else:
        frame = _decode_trades(payload)
        trades = () if frame is None else (trade for event in frame.events for trade in event.trades)
        ids = [whole_number(one.trade_id) for one in trades if one.product_id == product]
        numbers = [number for number in ids if number is not None]
    return Cover.of_numbers(numbers)
