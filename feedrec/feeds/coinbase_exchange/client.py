"""The client half of Coinbase Exchange: subscribe, follow the sequences, compare the ack with what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from ...model import FrameInfo
from ..base import Message, Notice, Subscription
from ..credentials import ExchangeKey
from ..notices import gap_notice, missing_notice
from ..redaction import redact_message
from ..subscriptions import add_subscriptions, remove_subscriptions
from .channels import CHANNELS, channel_name
from .sequences import ExchangeSequence

__all__ = ["ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseExchangeClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each second."""

ACK_TIMEOUT = 10.0
"""Seconds after which an ack that did not come is taken as missing; live, all came within 0.1 s (2021-04-17)."""

_LOST = 1006  # no close frame came (RFC 6455, 7.4.1): the ack may be what was lost

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
        self._asked_for = list(subscriptions)
        self._wanted = _with_heartbeats(subscriptions)
        self._credentials = credentials
        self._sequence = ExchangeSequence()
        self._follow()
        self._acks_due = 1
        self._acks = 0
        self._asked_at: float | None = 0.0
        self._was_refused = False
        self._was_changed = False
        self._judged = False

    @property
    def silence_limit(self) -> float | None:
        """How long heartbeats may fail to come, if they are asked for; see `FeedClient`."""
        return SILENCE_LIMIT if any(one.channel == _HEARTBEAT for one in self._wanted) else None

    @property
    def out_of_order(self) -> int:
        """Frames that arrived behind a later one."""
        return self._sequence.out_of_order

    def on_open(self, time: int = 0) -> list[Message]:
        """Subscribe: one message with all channels, each with its products."""
        return [self._message("subscribe", self._wanted, time)]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        """Ask for more, and for the heartbeats of it, by one message; see `FeedClient`."""
        self._asked_for, _ = add_subscriptions(self._asked_for, subscriptions)
        wanted = _with_heartbeats(self._asked_for)
        _, new = add_subscriptions(self._wanted, wanted)
        return self._change("subscribe", wanted, new, time)

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        """Ask for no more of something, nor for heartbeats of which it was the reason; see `FeedClient`."""
        self._asked_for, _ = remove_subscriptions(self._asked_for, subscriptions)
        wanted = _with_heartbeats(self._asked_for)
        return self._change("unsubscribe", wanted, _lacking(self._wanted, wanted), time)

    def _change(
        self,
        kind: Literal["subscribe", "unsubscribe"],
        wanted: list[Subscription],
        change: list[Subscription],
        time: int,
    ) -> list[Message]:
        self._wanted = wanted
        self._follow()
        if not change:
            return []
        self._acks_due += 1
        self._asked_at = None
        if kind == "subscribe":
            self._was_changed = True
            self._was_refused = self._judged = False
        return [self._message(kind, change, time)]

    def _follow(self) -> None:
        channels = {subscription.channel for subscription in self._wanted}
        follows_full = "full" in channels
        self._sequence.follow(full=follows_full, matches=follows_full or "matches" in channels)

    def _message(
        self, kind: Literal["subscribe", "unsubscribe"], subscriptions: Sequence[Subscription], time: int
    ) -> Message:
        channels = [_requested(subscription) for subscription in subscriptions]
        message: dict[str, Any] = {"type": kind, "product_ids": [], "channels": channels}
        if self._credentials is None:
            return Message(msgspec.json.encode(message))
        signed = msgspec.json.encode(message | self._credentials.sign(time))
        return Message(signed, redacted=redact_message(signed))

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
        if self._judged:
            return ()
        if self._asked_at is None:
            self._asked_at = seconds_open
        if seconds_open - self._asked_at < ACK_TIMEOUT:
            return ()
        self._judged = True
        self._acks_due = self._acks  # those that did not come until now are not waited for again
        if self._was_refused:  # what a program asks for later and does not get is no reason to end what it gets
            return () if self._was_changed else (_nothing_left(),)
        what = "what was asked for later" if self._was_changed else "any subscription"
        text = f"the venue did not acknowledge {what} within {ACK_TIMEOUT:.0f} seconds"
        return (Notice(text, "warning", "missing"),)

    def on_close(self, code: int = _LOST, reason: str = "") -> Sequence[Notice]:  # noqa: ARG002
        """Judge a venue that refused all, and closed on who subscribed nothing before its ack was found missing."""
        if self._judged or not self._was_refused or code == _LOST:
            return ()
        self._judged = True
        return (_nothing_left(),)

    def _on_ack(self, payload: bytes) -> tuple[Notice, ...]:
        try:
            ack = _decode_ack(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return ()
        self._acks += 1
        if self._judged or self._acks < self._acks_due:
            return ()
        self._judged = True
        missing = self._missing(
            {channel_name(one.name): {*(one.product_ids or ()), *(one.account_ids or ())} for one in ack.channels}
        )
        if not missing:
            return (Notice(f"subscribed to {', '.join(one.channel for one in self._wanted) or 'nothing any more'}"),)
        asked_for = [wanted for wanted in self._wanted if wanted.channel != _HEARTBEAT] or self._wanted
        nothing_left = not self._was_changed and all(wanted in missing for wanted in asked_for)
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
        severity: Literal["warning", "fatal"] = "warning" if self._was_changed else "fatal"
        return Notice(f"the venue refused: {said}; {advice}", severity, "error", details)


def _lacking(before: Sequence[Subscription], now: Sequence[Subscription]) -> list[Subscription]:
    """Give what is subscribed no more."""
    left = {one.channel: one.products for one in now}
    lost = []
    for one in before:
        if one.channel not in left:
            lost.append(one)
        elif products := tuple(product for product in one.products if product not in left[one.channel]):
            lost.append(Subscription(one.channel, products))
    return lost


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
