"""The client half of Coinbase Exchange: subscribe, follow the sequences, compare the ack with what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ...model import FrameInfo
from ..base import Message, Notice, Subscription
from ..credentials import ExchangeKey
from ..notices import gap_notice, missing_notice
from ..redaction import redact_message
from .channels import CHANNELS, channel_name
from .sequences import ExchangeSequence

__all__ = ["ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseExchangeClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each second."""

ACK_TIMEOUT = 10.0
"""Seconds after which an ack that did not come is taken as missing; live, all came within 0.1 s (2021-04-17)."""

_AUTHENTICATION_FAILED = "Authentication Failed"
_FATAL_REASONS = ("require authentication", "requires authentication", "is not a valid channel")
"""Parts of reasons of "Failed to subscribe" that no retry mends (captures of 2022 and 2026-08-25)."""

_WITHOUT_PRODUCTS = tuple(channel.name for channel in CHANNELS if not channel.takes_products)
_HEARTBEAT = "heartbeat"
_BALANCE = "balance"


class _AckedChannel(msgspec.Struct):
    name: str = ""
    product_ids: list[str] | None = None
    account_ids: list[str] | None = None


class _Ack(msgspec.Struct):
    channels: list[_AckedChannel] = []


class _Error(msgspec.Struct):
    message: str = ""
    reason: str = ""


_decode_ack = msgspec.json.Decoder(_Ack).decode
_decode_error = msgspec.json.Decoder(_Error).decode


class CoinbaseExchangeClient:
    """
    The client half for one connection.

    All is subscribed by one message, and acknowledged by one that lists it. Errors of single products come before it.

    Args:
        subscriptions: What to ask for. Heartbeats without products are asked for all products of the others.
        credentials: Signs the message; None to send it unsigned.

    """

    def __init__(self, subscriptions: Sequence[Subscription], credentials: ExchangeKey | None = None) -> None:
        self._wanted = _with_heartbeats(subscriptions)
        self._credentials = credentials
        channels = {subscription.channel for subscription in self._wanted}
        follows_full = "full" in channels
        self._sequence = ExchangeSequence(
            follows_full=follows_full, follows_matches=follows_full or "matches" in channels
        )
        self._was_refused = False
        self._judged = False
        self.silence_limit = SILENCE_LIMIT if _HEARTBEAT in channels else None

    @property
    def out_of_order(self) -> int:
        """Frames that arrived behind a later one."""
        return self._sequence.out_of_order

    def on_open(self, time: int = 0) -> list[Message]:
        """Subscribe: one message with all channels, each with its products."""
        channels = [_requested(subscription) for subscription in self._wanted]
        message: dict[str, Any] = {"type": "subscribe", "product_ids": [], "channels": channels}
        if self._credentials is None:
            return [Message(msgspec.json.encode(message))]
        signed = msgspec.json.encode(message | self._credentials.sign(time))
        return [Message(signed, redacted=redact_message(signed))]

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        """Follow the sequences, the ack and the errors."""
        gap = self._sequence.observe(info)
        if gap is not None:
            channel = "matches" if info.channel == _HEARTBEAT else info.channel
            return (gap_notice(gap, channel, info.products[0]),)
        if info.kind == "ack":
            return self._on_ack(payload)
        if info.kind == "error":
            return (self._on_error(payload),)
        return ()

    def on_tick(self, seconds_open: float) -> Sequence[Notice]:
        """Judge what there is when the ack should have come."""
        if self._judged or seconds_open < ACK_TIMEOUT:
            return ()
        self._judged = True
        if self._was_refused:
            return (_nothing_left(),)
        text = f"the venue did not acknowledge any subscription within {ACK_TIMEOUT:.0f} seconds"
        return (Notice(text, "warning", "missing"),)

    def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:  # noqa: ARG002
        """Have nothing more to say: what came was judged when it came."""
        return ()

    def _on_ack(self, payload: bytes) -> tuple[Notice, ...]:
        try:
            ack = _decode_ack(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ()
        if self._judged:
            return ()
        self._judged = True
        missing = self._missing(
            {channel_name(one.name): {*(one.product_ids or ()), *(one.account_ids or ())} for one in ack.channels}
        )
        if not missing:
            return (Notice(f"subscribed to {', '.join(one.channel for one in self._wanted)}"),)
        asked_for = [wanted for wanted in self._wanted if wanted.channel != _HEARTBEAT] or self._wanted
        nothing_left = all(wanted in missing for wanted in asked_for)
        return (missing_notice(missing), *([_nothing_left()] if nothing_left else []))

    def _missing(self, accepted: dict[str, set[str]]) -> list[Subscription]:
        """Compare what was asked for with an ack."""
        missing = []
        for subscription in self._wanted:
            listed = accepted.get(subscription.channel)
            if listed is None:
                missing.append(subscription)
                continue
            absent = tuple(product for product in subscription.products if product not in listed)
            if absent:
                missing.append(Subscription(subscription.channel, absent))
        return missing

    def _on_error(self, payload: bytes) -> Notice:
        try:
            error = _decode_error(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            error = _Error()
        self._was_refused = True
        details = {"message": error.message, **({"reason": error.reason} if error.reason else {})}
        said = f"{error.message!r}: {error.reason}" if error.reason else repr(error.message)
        if error.message == _AUTHENTICATION_FAILED:
            advice = "check key, secret and passphrase, and that the clock is right to some seconds"
        elif any(part in error.reason for part in _FATAL_REASONS):
            is_private = "authentication" in error.reason
            advice = "give credentials that the venue accepts" if is_private else "check the names of the channels"
        else:
            return Notice(f"the venue reports an error: {said}", "warning", "error", details)
        return Notice(f"the venue refused: {said}; {advice}", "fatal", "error", details)


def _with_heartbeats(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Give heartbeats the products of all other channels where they have none; without any there are none."""
    products = tuple(
        dict.fromkeys(
            product
            for subscription in subscriptions
            if subscription.channel not in {_HEARTBEAT, _BALANCE}
            for product in subscription.products
        )
    )
    return list(_replace_heartbeats(subscriptions, products))


def _replace_heartbeats(subscriptions: Sequence[Subscription], products: tuple[str, ...]) -> Iterable[Subscription]:
    for subscription in subscriptions:
        if subscription.channel != _HEARTBEAT or subscription.products:
            yield subscription
        elif products:
            yield Subscription(_HEARTBEAT, products)


def _requested(subscription: Subscription) -> dict[str, Any]:
    ids = list(subscription.products)
    if subscription.channel in _WITHOUT_PRODUCTS or not ids:
        return {"name": subscription.channel}
    return {"name": subscription.channel, "account_ids" if subscription.channel == _BALANCE else "product_ids": ids}


def _nothing_left() -> Notice:
    return Notice("the venue accepted nothing of what was asked for; check channels and products", "fatal")
