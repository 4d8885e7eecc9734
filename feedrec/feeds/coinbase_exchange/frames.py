"""
What a frame of Coinbase Exchange is, found without parsing all of it.

Three things do not follow from a frame alone, and are decided as follows:

- A book or a ticker belongs to `level2` or `ticker`, though the batch channels send the same frames.
- A `match` belongs to `matches`, though `full` sends the same.
- A frame that both `full` and `user` send belongs to `user` if it names the user, as frames of one's own orders do.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...model import FrameInfo, Kind, format_time, parse_time
from ..decoding import NOT_UNDERSTOOD, decoder_of, whole_number
from ..sequence import LARGEST_GAP

__all__ = ["TradeInfo", "describe", "later_number", "own_time", "venue_time"]


class TradeInfo(FrameInfo, frozen=True, gc=False):
    """
    What is known of a frame that names a trade.

    Attributes:
        trade_id: The trade's number, contiguous for each product; in a heartbeat, that of the last trade.

    """

    trade_id: int = 0


class _Frame(msgspec.Struct, gc=False):
    type: str = ""
    product_id: str = ""
    sequence: int | None = None
    trade_id: int | None = None
    last_trade_id: int | None = None
    account_id: str = ""
    user_id: str | int | None = None
    profile_id: str | None = None


class _LenientFrame(msgspec.Struct, gc=False):
    """The same with fields of any type."""

    type: str
    product_id: Any = ""
    sequence: Any = None
    trade_id: Any = None
    last_trade_id: Any = None
    account_id: Any = ""
    user_id: Any = None
    profile_id: Any = None


class _Row(msgspec.Struct, array_like=True, gc=False):
    """A frame of level3: all rows begin like this (Exchange channels page)."""

    type: str
    product_id: str
    sequence: str


class _Timed(msgspec.Struct, gc=False):
    time: str = ""


_decode_timed = decoder_of(_Timed)
_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_lenient_frame = msgspec.json.Decoder(_LenientFrame).decode
_decode_row = msgspec.json.Decoder(_Row).decode

_WHAT: dict[str, tuple[str, Kind]] = {
    "l2update": ("level2", "update"),
    "snapshot": ("level2", "snapshot"),
    "ticker": ("ticker", "update"),
    "match": ("matches", "update"),
    "last_match": ("matches", "snapshot"),
    "heartbeat": ("heartbeat", "heartbeat"),
    "received": ("full", "update"),
    "open": ("full", "update"),
    "done": ("full", "update"),
    "change": ("full", "update"),
    "activate": ("full", "update"),
    "auction": ("auctionfeed", "update"),
    "rfq_match": ("rfq_matches", "update"),
    "balance": ("balance", "update"),
    "status": ("status", "snapshot"),
    "level3": ("level3", "other"),
    "subscriptions": ("subscriptions", "ack"),
    "error": ("", "error"),
}
"""Channel and kind by type. A last_match begins matches as a snapshot begins a book."""

_UNKNOWN: tuple[str, Kind] = ("", "other")
_MAY_BE_OWN = ("full", "matches")
_NAMES_TRADES = ("matches", "ticker", "user")
_MOST_DIGITS = 19


def describe(payload: bytes) -> FrameInfo:
    """
    Tell what a frame is; see `Feed.describe`.

    The products of `balance` are accounts, as in its subscriptions.
    """
    if payload.startswith(b"["):
        return _describe_row(payload)
    try:
        frame = _decode_frame(payload)
    except NOT_UNDERSTOOD:
        if payload.lstrip().startswith(b"["):
            return _describe_row(payload)
        lenient = _decode_leniently(payload)
        if lenient is None:
            return FrameInfo()
        frame = lenient
    channel, kind = _WHAT.get(frame.type, _UNKNOWN)
    product = frame.product_id or frame.account_id
    products = (product,) if product else ()
    if (frame.user_id is not None or frame.profile_id is not None) and channel in _MAY_BE_OWN:
        channel = "user"
    if frame.trade_id is not None and channel in _NAMES_TRADES:
        return TradeInfo(channel, products, frame.sequence, kind, parses=True, trade_id=frame.trade_id)
    if frame.last_trade_id is not None and channel == "heartbeat":
        return TradeInfo(channel, products, frame.sequence, kind, parses=True, trade_id=frame.last_trade_id)
    return FrameInfo(channel, products, frame.sequence, kind, parses=True)


def own_time(payload: bytes) -> int | None:
    """
    Return the time that a frame names, in nanoseconds; None if it names none.

    It is that of what the frame tells: the first ticker and match of a subscription can be hours old.
    """
    frame = _decode_timed(payload)
    try:
        return parse_time(frame.time) if frame is not None and frame.time else None
    except ValueError:
        return None


def venue_time(nanoseconds: int) -> str:
    """Write a time as the venue does: RFC 3339 with six decimals (capture of 2026-09-30)."""
    return f"{format_time(nanoseconds)[:26]}Z"


def later_number(known: int, number: int) -> int:
    """
    Return the later of two numbers of a product, of which the second came last.

    Frames of several channels come a little out of order, so that is the higher one. But one that is lower by more than
    any gap shows that the count began anew, or that the higher one was odd.
    """
    return number if number > known or known - number > LARGEST_GAP else known


def _describe_row(payload: bytes) -> FrameInfo:
    try:
        row = _decode_row(payload)
    except NOT_UNDERSTOOD:
        return FrameInfo()
    digits = row.sequence
    sequence = int(digits) if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS else None
    return FrameInfo("level3", (row.product_id,), sequence, "update", parses=True)


def _decode_leniently(payload: bytes) -> _Frame | None:
    """Read a frame whose fields have unexpected types as far as they are known: `"sequence":"5"` is 5."""
    try:
        found = _decode_lenient_frame(payload)
    except NOT_UNDERSTOOD:
        return None
    product, account = (one if isinstance(one, str) else "" for one in (found.product_id, found.account_id))
    sequence, trade, last_trade = map(whole_number, (found.sequence, found.trade_id, found.last_trade_id))
    user, profile = (None if one is None else "" for one in (found.user_id, found.profile_id))
    return _Frame(found.type, product, sequence, trade, last_trade, account, user, profile)
