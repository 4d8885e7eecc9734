"""The client half of Coinbase Exchange: one message and one ack for all channels, sequences by product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from ...model import FrameInfo
from ..base import Message, Notice, Subscription
from ..client_half import ListedAcksClient, RequestKind, request_message
from ..client_half.listed_acks import LOST
from ..client_half.notices import nothing_accepted_notice
from ..client_half.subscriptions import add_subscriptions, remove_subscriptions
from ..credentials import ExchangeKey
from ..decoding import decoder_of
from .channels import BALANCE, CHANNELS, HEARTBEAT, channel_name, product_name, products_with_heartbeats
from .sequences import ExchangeSequence

__all__ = ["ACK_GRACE", "ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseExchangeClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each second."""

ACK_TIMEOUT = 10.0
"""Seconds after which an ack that has not come is taken as missing; live, all came within 0.1 s (2021-04-17)."""

ACK_GRACE = 1.0
"""Seconds to wait for further acks once there is one: they are cumulative, and may come step by step (2021-04-17)."""

_AUTHENTICATION_FAILED = "Authentication Failed"
_FATAL_REASONS = {
    "require authentication": "give credentials that the venue accepts",
    "requires authentication": "give credentials that the venue accepts",
    "is not a valid channel": "check the names of the channels",
}
"""What to do, by parts of reasons of "Failed to subscribe" that no retry mends (captures of 2022 and 2026-08-25)."""

_WITHOUT_PRODUCTS = tuple(channel.name for channel in CHANNELS if not channel.takes_products)


class _AckedChannel(msgspec.Struct):
    name: str = ""
    product_ids: list[str] | None = None
    account_ids: list[str] | None = None


class _Ack(msgspec.Struct):
    channels: list[_AckedChannel] = []


class _Error(msgspec.Struct):
    message: str = ""
    reason: str = ""


_decode_ack = decoder_of(_Ack)
_decode_error = decoder_of(_Error)


class CoinbaseExchangeClient(ListedAcksClient):
    """
    The client half for one connection.

    Errors of single products come before the ack.

    Args:
        subscriptions: What to ask for. Heartbeats without products are asked for all products of the others.
        credentials: Signs the message; None to send it unsigned.

    """

    def __init__(self, subscriptions: Sequence[Subscription], credentials: ExchangeKey | None = None) -> None:
        self._asked_for = list(subscriptions)
        self._numbers = ExchangeSequence()
        self._credentials = credentials
        self._was_refused = False
        super().__init__(
            _with_heartbeats(subscriptions),
            ACK_TIMEOUT,
            ACK_GRACE,
            requests=1,
            sequence=self._numbers,
            heartbeats=HEARTBEAT,
            silence_limit=SILENCE_LIMIT,
        )

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        self._asked_for, _ = add_subscriptions(self._asked_for, subscriptions)
        wanted = _with_heartbeats(self._asked_for)
        _, new = add_subscriptions(self._wanted, wanted)
        self._was_refused &= not new
        return self._change("subscribe", wanted, new, time)

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        self._asked_for, _ = remove_subscriptions(self._asked_for, subscriptions)
        wanted = _with_heartbeats(self._asked_for)
        _, gone = add_subscriptions(wanted, self._wanted)
        return self._change("unsubscribe", wanted, gone, time)

    def interrupt(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        """End some for a moment; their products keep their heartbeats; see `FeedClient`."""
        wanted, gone = remove_subscriptions(self._wanted, subscriptions)
        return self._change("unsubscribe", wanted, gone, time)

    def on_close(self, code: int = LOST, reason: str = "") -> Sequence[Notice]:
        """Judge a venue that refused everything, and closed before its ack was found missing."""
        if self._judged or self._acks >= self._acks_due or not self._was_refused or code == LOST:
            return super().on_close(code, reason)
        self._judged = True
        return (nothing_accepted_notice(),)

    def requests_for(self, kind: RequestKind, subscriptions: Sequence[Subscription], time: int) -> list[Message]:
        channels = [_requested(subscription) for subscription in subscriptions]
        fields = {"type": kind, "product_ids": [], "channels": channels}
        return [request_message(fields, None if self._credentials is None else self._credentials.sign(time))]

    def _watch(self) -> None:
        super()._watch()
        channels = {subscription.channel for subscription in self._wanted}
        follows_full = "full" in channels
        self._numbers.follow(full=follows_full, matches=follows_full or "matches" in channels)

    def counted_by(self, info: FrameInfo) -> tuple[str, ...]:
        return "matches" if info.channel == HEARTBEAT else info.channel, info.products[0]

    def listed_in(self, payload: bytes) -> Mapping[str, Collection[str]] | None:
        ack = _decode_ack(payload)
        if ack is None:
            return None
        return {channel_name(one.name): {*(one.product_ids or ()), *(one.account_ids or ())} for one in ack.channels}

    def product_name(self, channel: str, product: str) -> str:
        return product_name(channel, product)

    def _on_timeout(self) -> Sequence[Notice]:
        if not self._was_refused:
            return super()._on_timeout()
        self._judged = True
        self._acks_due = self._acks
        return () if self._was_changed else (nothing_accepted_notice(),)

    def on_error(self, payload: bytes) -> Sequence[Notice]:
        self._was_refused = True
        error = _decode_error(payload) or _Error()
        said, details = repr(error.message), {"message": error.message}
        if error.reason:
            said, details = f"{said}: {error.reason}", details | {"reason": error.reason}
        advice = next((advice for part, advice in _FATAL_REASONS.items() if part in error.reason), "")
        if error.message == _AUTHENTICATION_FAILED:
            advice = "check key, secret and passphrase, and that the clock is right to some seconds"
        return (self.error_notice(said, details, advice),)


def _with_heartbeats(subscriptions: Sequence[Subscription]) -> list[Subscription]:
    """Return subscriptions with all products of the others for heartbeats that have none; without any they go."""
    products = products_with_heartbeats(subscriptions)
    return [
        Subscription(HEARTBEAT, products) if one.channel == HEARTBEAT and not one.products else one
        for one in subscriptions
        if one.channel != HEARTBEAT or one.products or products
    ]


def _requested(subscription: Subscription) -> dict[str, Any]:
    ids = list(subscription.products)
    if subscription.channel in _WITHOUT_PRODUCTS or not ids:
        return {"name": subscription.channel}
    return {"name": subscription.channel, "account_ids" if subscription.channel == BALANCE else "product_ids": ids}
