"""What a frame of Advanced Trade is, found without parsing all of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...model import FrameInfo, FrameInfos, Kind, format_time, parse_time
from ..decoding import NOT_UNDERSTOOD, whole_number

__all__ = [
    "channels_of",
    "client_id_of",
    "describe",
    "describe_all",
    "go_time",
    "own_time",
    "sequences_of",
    "snapshot_head",
]

_HEAD = 512
"""Bytes of a frame within which the keys before `events` are (capture of 2026-08-09)."""

_timestamp = re.compile(rb'"timestamp"\s*:\s*"([^"\\]*)"').search
_client_id = re.compile(rb'"client_id"\s*:\s*("(?:[^"\\]|\\.)*"|null)').search


class _Product(msgspec.Struct, frozen=True, gc=False):
    product_id: str = ""


class _StatusProduct(msgspec.Struct, frozen=True, gc=False):
    id: str = ""


class _Event(msgspec.Struct, frozen=True, gc=False):
    """Part of a frame; in tuples, since empty ones take no time to make."""

    type: str = ""
    product_id: str = ""
    tickers: tuple[_Product, ...] = ()
    trades: tuple[_Product, ...] = ()
    candles: tuple[_Product, ...] = ()
    products: tuple[_StatusProduct, ...] = ()
    orders: tuple[_Product, ...] = ()


class _Envelope(msgspec.Struct, frozen=True, gc=False):
    channel: str = ""
    type: str = ""
    sequence_num: int | None = None
    events: tuple[_Event, ...] = ()


class _LenientEnvelope(msgspec.Struct, gc=False):
    """The same with a number of any type, `4.0` or `"4"`: what a frame is about does not depend on that."""

    channel: str = ""
    type: str = ""
    sequence_num: Any = None
    events: tuple[_Event, ...] = ()


class _Outline(msgspec.Struct, gc=False):
    channel: str = ""
    type: str = ""
    sequence_num: Any = None


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_lenient_envelope = msgspec.json.Decoder(_LenientEnvelope).decode
_decode_outline = msgspec.json.Decoder(_Outline).decode

_KIND_BY_TYPE: dict[str, Kind] = {"snapshot": "snapshot", "update": "update"}
_KIND_BY_CHANNEL: dict[str, Kind] = {"subscriptions": "ack", "heartbeats": "heartbeat"}


def describe(payload: bytes) -> FrameInfo:
    """Tell what a frame is; see `Feed.describe`. A message of an unknown type has no channel, but may have a number."""
    try:
        envelope = _decode_envelope(payload)
    except NOT_UNDERSTOOD:
        lenient = _decode_leniently(payload)
        if lenient is None:
            return FrameInfo()
        envelope = lenient
    return _info_of(envelope, envelope.sequence_num)


def describe_all(payloads: Sequence[bytes]) -> Sequence[FrameInfo]:
    """Tell what frames are; see `Feed.describe_all`. Of what differs in nothing but the number, one is looked at."""
    try:
        envelopes = [_decode_envelope(payload) for payload in payloads]
    except NOT_UNDERSTOOD:
        return list(map(describe, payloads))
    places: dict[tuple[str, str, tuple[_Event, ...]], int] = {}
    kinds, which = list[FrameInfo](), list[int]()
    for envelope in envelopes:
        key = envelope.channel, envelope.type, envelope.events
        place = places.get(key)
        if place is None:
            place = places[key] = len(kinds)
            kinds.append(_info_of(envelope, None))
        which.append(place)
    return FrameInfos(kinds, which, [envelope.sequence_num for envelope in envelopes])


def channels_of(infos: Sequence[FrameInfo]) -> list[str]:
    """Return the channel of each of many frames."""
    if not isinstance(infos, FrameInfos):
        return [info.channel for info in infos]
    channels = [kind.channel for kind in infos.kinds]
    return [channels[kind] for kind in infos.which]


def sequences_of(infos: Sequence[FrameInfo]) -> list[int | None]:
    """Return the number of each of many frames."""
    return infos.sequences if isinstance(infos, FrameInfos) else [info.sequence for info in infos]


def _info_of(envelope: _Envelope, sequence: int | None) -> FrameInfo:
    channel, events = envelope.channel, envelope.events
    if not channel:
        return FrameInfo("", (), sequence, "error" if envelope.type == "error" else "other", parses=True)
    if len(events) == 1:  # all of 1,030 frames of the capture of 2026-08-09
        event = events[0]
        if product := event.product_id:
            products: tuple[str, ...] = (product,)
        elif len(items := event.tickers or event.trades) == 1:  # as `_products_of` does, without a call
            products = (items[0].product_id,)
        else:
            products = _products_of(event)
        kind = _KIND_BY_TYPE.get(event.type)
    else:
        products = tuple(dict.fromkeys(product for event in events for product in _products_of(event)))
        kind = _KIND_BY_TYPE.get(events[-1].type) if events else None
    if kind is None:
        kind = _KIND_BY_CHANNEL.get(channel, "other")
    return FrameInfo("level2" if channel == "l2_data" else channel, products, sequence, kind, parses=True)


def own_time(payload: bytes) -> int | None:
    """Return the time of the key `timestamp`, in nanoseconds; None if a frame has none."""
    found = _timestamp(payload[:_HEAD]) or _timestamp(payload)
    try:
        return None if found is None else parse_time(found[1].decode())
    except ValueError:
        return None


def client_id_of(payloads: Iterable[bytes]) -> bytes | None:
    """
    Return the `client_id` that most frames have, as JSON, empty if most have none; None if that cannot be told.

    It was in all frames of 2024, and at the user endpoint in 2026, and in none of the market's in 2026.
    """
    values = Counter(
        b"" if (found := _client_id(head)) is None else found[1]
        for head in (payload[:_HEAD] for payload in payloads)
        if _timestamp(head)
    )
    return values.most_common(1)[0][0] if values else None


def go_time(nanoseconds: int) -> str:
    """Write a time as the venue does: RFC 3339 with the trailing zeros of the fraction trimmed."""
    return f"{format_time(nanoseconds)[:-1].rstrip('0').rstrip('.')}Z"


def snapshot_head(channel: str, client_id: bytes, time: int) -> bytes:
    """
    Write a snapshot as far as the type of its event, with 0 for its number.

    Args:
        channel: As frames name it.
        client_id: The value of that key as JSON; empty if there is none.
        time: Recorded time in nanoseconds.

    """
    client = b'"client_id":%b,' % client_id if client_id else b""
    rest = f'"timestamp":"{go_time(time)}","sequence_num":0,"events":[{{"type":"snapshot",'
    return b'{"channel":"%b",%b%b' % (channel.encode(), client, rest.encode())


def _decode_leniently(payload: bytes) -> _Envelope | None:
    """Read a frame of a new shape as far as it is known: its number, too, or the sequence would seem to have a gap."""
    try:
        found = _decode_lenient_envelope(payload)
    except NOT_UNDERSTOOD:
        try:
            outline = _decode_outline(payload)
        except NOT_UNDERSTOOD:
            return None
        return _Envelope(outline.channel, outline.type, whole_number(outline.sequence_num))
    return _Envelope(found.channel, found.type, whole_number(found.sequence_num), found.events)


def _products_of(event: _Event) -> tuple[str, ...]:
    if event.product_id:
        return (event.product_id,)
    items = event.tickers or event.trades or event.candles or event.orders
    if len(items) == 1:
        return (items[0].product_id,)
    if items:
        return tuple(dict.fromkeys(item.product_id for item in items))
    return tuple(dict.fromkeys(product.id for product in event.products))
