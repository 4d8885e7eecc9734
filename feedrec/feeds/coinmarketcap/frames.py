"""
What a frame of CoinMarketCap is, found without parsing all of it.

A push is an update of the one product that its parameters name (see `channels`). Whatever else the venue says has no
channel, so that an answer is not counted as data: welcome is `other`, both shapes of pong are `heartbeat`, then `ack`
and `error`. There are no sequence numbers.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ...model import TIME_LIMIT, FrameInfo, Kind
from ..decoding import NOT_UNDERSTOOD, decoder_of, whole_number
from .channels import products_of

__all__ = ["PushInfo", "describe", "is_welcome", "own_time"]


class PushInfo(FrameInfo, frozen=True, gc=False):
    """
    What is known of a push about holders, of which there are several kinds for each product.

    Attributes:
        topic: Its `tp`: `top_share`, `token_balance` ...

    """

    topic: str = ""


class _Data(msgspec.Struct, gc=False):
    tp: str = ""


class _Frame(msgspec.Struct, gc=False):
    type: str = ""
    channel: str = ""
    params: dict[str, Any] | None = None
    data: _Data | None = None
    msg: str | None = None


class _Timed(msgspec.Struct, gc=False):
    ts: Any = None


class _Outline(msgspec.Struct, gc=False):
    type: str = ""
    channel: str = ""


_decode_timed = decoder_of(_Timed)
_decode_frame = msgspec.json.Decoder(_Frame).decode
_decode_outline = msgspec.json.Decoder(_Outline).decode

_KINDS: dict[str, Kind] = {"welcome": "other", "pong": "heartbeat", "ack": "ack", "error": "error"}
_HOLDERS = ("onchain@holders_metrics", "onchain@holder_wallet_update")
_PONG = "PONG"  # observed on 2026-09-15, without a type


def describe(payload: bytes) -> FrameInfo:
    """Tell what a frame is; see `Feed.describe`."""
    try:
        frame = _decode_frame(payload)
    except NOT_UNDERSTOOD:
        return _describe_outline(payload)
    if frame.type == "data":
        channel = frame.channel
        products = products_of(channel, frame.params or {})
        if channel in _HOLDERS and frame.data is not None:
            return PushInfo(channel, products, None, "update", parses=True, topic=frame.data.tp)
        return FrameInfo(channel, products, None, "update", parses=True)
    if not frame.type and frame.msg == _PONG:
        return FrameInfo(kind="heartbeat", parses=True)
    return FrameInfo(kind=_KINDS.get(frame.type, "other"), parses=True)


def own_time(payload: bytes) -> int | None:
    """Return the time of the key `ts`, in nanoseconds; None if a frame has none."""
    frame = _decode_timed(payload)
    milliseconds = None if frame is None else whole_number(frame.ts)
    return None if milliseconds is None or milliseconds >= TIME_LIMIT // 1_000_000 else milliseconds * 1_000_000


def is_welcome(payload: bytes) -> bool:
    """Whether a frame is the greeting of a connection."""
    try:
        return _decode_outline(payload).type == "welcome"
    except NOT_UNDERSTOOD:
        return False


def _describe_outline(payload: bytes) -> FrameInfo:
    """Describe a frame whose fields have unexpected types by its `type` alone."""
    try:
        outline = _decode_outline(payload)
    except NOT_UNDERSTOOD:
        return FrameInfo()
    if outline.type == "data":
        return FrameInfo(outline.channel, (), None, "update", parses=True)
    return FrameInfo(kind=_KINDS.get(outline.type, "other"), parses=True)
