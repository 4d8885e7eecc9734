"""The client half of Advanced Trade: subscribe, follow the sequence, compare acks with what was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ...model import FrameInfo
from ..base import ContiguousSequence, Gap, Message, Notice, Subscription
from .limits import MAX_LEVEL2_PRODUCTS

__all__ = ["ACK_GRACE", "ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseAdvancedClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each 1.000 s (capture of 2026-08-09)."""

ACK_GRACE = 1.0
"""Seconds to wait for further acks once there are as many as subscribe messages."""

ACK_TIMEOUT = 10.0
"""Seconds after which acks that did not come are taken as missing; live, all came within 0.5 s."""

_FATAL_ERRORS = {  # messages of error frames that no retry mends; protocols of 2026-09
    "authentication failure": "the channel does not exist there, or it needs credentials",
    "too many L2 streams requested in a single session": f"record at most {MAX_LEVEL2_PRODUCTS} products of it",
}


class _Subscriptions(msgspec.Struct):
    subscriptions: dict[str, list[str]] = {}


class _Ack(msgspec.Struct):
    events: list[_Subscriptions] = []


class _Error(msgspec.Struct):
    message: str = ""


_decode_ack = msgspec.json.Decoder(_Ack).decode
_decode_error = msgspec.json.Decoder(_Error).decode


class CoinbaseAdvancedClient:
    """
    The client half for one connection.

    Each subscribe message is answered by an ack that lists everything subscribed so far. Products that the venue does
    not know are silently absent from it, so the last ack is compared with what was asked for.

    Args:
        subscriptions: What to ask for: one subscribe message each.

    """

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._wanted = list(subscriptions)
        self._sequence = ContiguousSequence(first=0)
        self._accepted: dict[str, list[str]] = {}
        self._acks = 0
        self._acked_at: float | None = None
        self._judged = False
        has_heartbeats = any(subscription.channel == "heartbeats" for subscription in subscriptions)
        self.silence_limit = SILENCE_LIMIT if has_heartbeats else None

    @property
    def out_of_order(self) -> int:
        """Frames that arrived behind a later one."""
        return self._sequence.out_of_order

    def on_open(self, time: int = 0) -> list[Message]:  # noqa: ARG002
        """Subscribe: one message per channel, as the venue demands."""
        return [Message(msgspec.json.encode(_subscribe_message(subscription))) for subscription in self._wanted]

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        """Follow the sequence, the acks and the errors."""
        notices: tuple[Notice, ...] = ()
        if info.sequence is not None:
            gap = self._sequence.observe(info.sequence)
            if gap is not None:
                notices = (_gap_notice(gap),)
        if info.kind == "ack":
            notices += self._on_ack(payload)
        elif info.kind == "error":
            notices += (_error_notice(payload),)
        return notices

    def on_tick(self, seconds_open: float) -> Sequence[Notice]:
        """Judge the acks once all have come, or should have."""
        if self._judged:
            return ()
        if self._acks >= len(self._wanted):
            if self._acked_at is None:
                self._acked_at = seconds_open
            if seconds_open - self._acked_at >= ACK_GRACE:
                return self._judge()
        elif seconds_open >= ACK_TIMEOUT:
            return self._judge()
        return ()

    def on_close(self) -> Sequence[Notice]:
        """Judge what was acknowledged until now, if every ack came."""
        if self._judged or self._acks < len(self._wanted):
            return ()
        return self._judge()

    def _on_ack(self, payload: bytes) -> tuple[Notice, ...]:
        try:
            ack = _decode_ack(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ()
        self._acks += 1
        if ack.events:
            self._accepted = ack.events[0].subscriptions
        if self._judged or self._missing():
            return ()
        self._judged = True
        channels = ", ".join(subscription.channel for subscription in self._wanted)
        return (Notice(f"subscribed to {channels}"),)

    def _judge(self) -> tuple[Notice, ...]:
        self._judged = True
        missing = self._missing()
        if not self._acks:
            seconds = f"{ACK_TIMEOUT:.0f} seconds"
            return (Notice(f"the venue did not acknowledge any subscription within {seconds}", "warning", "missing"),)
        notices = [_missing_notice(missing)] if missing else []
        if self._nothing_left(missing):
            text = "the venue accepted nothing of what was asked for; check channels and products"
            notices.append(Notice(text, "fatal"))
        return tuple(notices)

    def _missing(self) -> list[Subscription]:
        """Compare what was asked for with the last ack."""
        missing = []
        for subscription in self._wanted:
            accepted = self._accepted.get(subscription.channel)
            if accepted is None:
                missing.append(subscription)
                continue
            absent = tuple(product for product in subscription.products if not _is_among(product, accepted))
            if absent:
                missing.append(Subscription(subscription.channel, absent))
        return missing

    def _nothing_left(self, missing: list[Subscription]) -> bool:
        asked_for = [wanted for wanted in self._wanted if wanted.channel != "heartbeats"] or self._wanted
        return all(wanted in missing for wanted in asked_for)


def _subscribe_message(subscription: Subscription) -> dict[str, Any]:
    message: dict[str, Any] = {"type": "subscribe"}
    if subscription.products:
        message["product_ids"] = list(subscription.products)
    return {**message, "channel": subscription.channel}


def _is_among(product: str, accepted: Sequence[str]) -> bool:
    # Data of a -USDC product comes under the -USD id, and so may its ack (docs.cdp.coinbase.com, WebSocket overview).
    return product in accepted or (product.endswith("-USDC") and product.removesuffix("C") in accepted)


def _gap_notice(gap: Gap) -> Notice:
    text = (
        f"gap: {gap.missing} frames lost by the venue or the network (expected {gap.expected}, received {gap.received})"
    )
    details = {"expected": gap.expected, "received": gap.received, "missing": gap.missing}
    return Notice(text, "warning", "gap", details)


def _missing_notice(missing: Sequence[Subscription]) -> Notice:
    what = ", ".join(" ".join((subscription.channel, *subscription.products)) for subscription in missing)
    details = {"subscriptions": [subscription.as_dict() for subscription in missing]}
    return Notice(f"the venue did not accept {what}: no such product?", "warning", "missing", details)


def _error_notice(payload: bytes) -> Notice:
    try:
        message = _decode_error(payload).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = ""
    meaning = _FATAL_ERRORS.get(message)
    if meaning is None:
        return Notice(f"the venue reports an error: {message!r}", "warning", "error", {"message": message})
    return Notice(f"the venue refused: {message!r}: {meaning}", "fatal", "error", {"message": message})
