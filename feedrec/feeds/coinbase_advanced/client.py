"""The client half of Advanced Trade: subscribe, follow the sequence, compare acks with what was asked for."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from ...model import FrameInfo
from ..base import ContiguousSequence, Message, Notice, Subscription
from ..credentials import CDP_KEY, JWT_LIFE, CdpKey
from ..notices import gap_notice, missing_notice
from ..redaction import redact_message
from ..subscriptions import add_subscriptions, remove_subscriptions
from .channels import HEARTBEATS, PRIVATE
from .limits import MAX_LEVEL2_PRODUCTS

__all__ = ["ACK_GRACE", "ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseAdvancedClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each 1.000 s (capture of 2026-08-09)."""

ACK_GRACE = 1.0
"""Seconds to wait for further acks once there are as many as subscribe messages."""

ACK_TIMEOUT = 10.0
"""Seconds after which acks that did not come are taken as missing; live, all came within 0.5 s."""

_AUTHENTICATION_FAILURE = "authentication failure"

_FATAL_ERRORS = {  # messages of error frames that no retry mends; probes of 2026-09
    _AUTHENTICATION_FAILURE: (
        "the channel does not exist there, or it needs credentials: "
        f"set {' and '.join(CDP_KEY.variables)}, or give a key file"
    ),
    "too many L2 streams requested in a single session": f"record at most {MAX_LEVEL2_PRODUCTS} products of it",
}

_REFUSED_KEY = (
    f"the key is wrong or was revoked, or the clock is off: a JWT lives {JWT_LIFE // 60} minutes of the venue's time; "
    "check the key and the clock"
)


class _Subscriptions(msgspec.Struct):
    subscriptions: dict[str, list[str]] = {}


class _Ack(msgspec.Struct):
    events: list[_Subscriptions] = []


class _Error(msgspec.Struct):
    message: str = ""


_decode_ack = msgspec.json.Decoder(_Ack).decode
_decode_error = msgspec.json.Decoder(_Error).decode


def fresh_nonce() -> str:
    """Give 64 random hexadecimal digits, as the official SDK does (coinbase-advanced-py 1.8.4)."""
    return secrets.token_hex(32)


class CoinbaseAdvancedClient:
    """
    The client half for one connection.

    Each subscribe message is answered by an ack that lists everything subscribed so far. Products that the venue does
    not know are silently absent from it, so the last ack is compared with what was asked for.

    Args:
        subscriptions: What to ask for: one subscribe message each.
        credentials: Signs each message by a JWT of its own; None to send them without.
        nonce: Gives 64 hexadecimal digits, others for each JWT.

    """

    def __init__(
        self,
        subscriptions: Sequence[Subscription],
        credentials: CdpKey | None = None,
        *,
        nonce: Callable[[], str] = fresh_nonce,
    ) -> None:
        self._wanted = list(subscriptions)
        self._credentials = credentials
        self._nonce = nonce
        self._acks_due = len(self._wanted)
        self._sequence = ContiguousSequence(first=0)
        self._accepted: dict[str, list[str]] = {}
        self._acks = 0
        self._asked_at: float | None = 0.0
        self._acked_at: float | None = None
        self._judged = False
        self._was_changed = False

    @property
    def silence_limit(self) -> float | None:
        """How long heartbeats may fail to come, if they are asked for; see `FeedClient`."""
        return SILENCE_LIMIT if any(one.channel == HEARTBEATS for one in self._wanted) else None

    @property
    def out_of_order(self) -> int:
        """Frames that arrived behind a later one."""
        return self._sequence.out_of_order

    def on_open(self, time: int = 0) -> list[Message]:
        """Subscribe: one message per channel, as the venue demands."""
        return [self._message("subscribe", subscription, time) for subscription in self._wanted]

    def subscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        """Ask for more: one message each, signed at `time` if they are; see `FeedClient`."""
        self._wanted, _ = add_subscriptions(self._wanted, subscriptions)
        self._change(len(subscriptions))
        self._judged &= not subscriptions
        self._was_changed = True
        return [self._message("subscribe", subscription, time) for subscription in subscriptions]

    def unsubscribe(self, subscriptions: Sequence[Subscription], time: int = 0) -> list[Message]:
        """
        Ask for no more of some channels, or of some products of them, and expect nothing more of them.

        Args:
            subscriptions: One message each; without products, the channel as a whole.
            time: Wall clock in nanoseconds, at which the messages are signed if they are.

        """
        self._wanted, _ = remove_subscriptions(self._wanted, subscriptions)
        self._change(len(subscriptions))
        self._judged |= not self._wanted
        return [self._message("unsubscribe", subscription, time) for subscription in subscriptions]

    def _change(self, messages: int) -> None:
        """Wait for the acks of so many further messages."""
        self._acks_due += messages
        self._asked_at = self._acked_at = None

    def on_frame(self, info: FrameInfo, payload: bytes) -> Sequence[Notice]:
        """Follow the sequence, the acks and the errors."""
        notices: tuple[Notice, ...] = ()
        if info.sequence is not None:
            gap = self._sequence.observe(info.sequence)
            if gap is not None:
                notices = (gap_notice(gap),)
        if info.kind == "ack":
            notices += self._on_ack(payload)
        elif info.kind == "error":
            notices += (self._on_error(payload),)
        return notices

    def on_tick(self, seconds_open: float) -> Sequence[Notice]:
        """Judge the acks once all have come, or should have."""
        if self._judged:
            return ()
        if self._asked_at is None:
            self._asked_at = seconds_open
        if self._acks >= self._acks_due:
            if self._acked_at is None:
                self._acked_at = seconds_open
            if seconds_open - self._acked_at >= ACK_GRACE:
                return self._judge()
        elif seconds_open - self._asked_at >= ACK_TIMEOUT:
            return self._judge()
        return ()

    def on_close(self, code: int = 1006, reason: str = "") -> Sequence[Notice]:  # noqa: ARG002
        """Judge what was acknowledged until now, if every ack came."""
        if self._judged or self._acks < self._acks_due:
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
        self._acks_due = self._acks  # those that did not come until now are not waited for again
        missing = self._missing()
        if not self._acks:
            seconds = f"{ACK_TIMEOUT:.0f} seconds"
            return (Notice(f"the venue did not acknowledge any subscription within {seconds}", "warning", "missing"),)
        notices = [missing_notice(missing)] if missing else []
        if not self._was_changed and self._nothing_left(missing):
            text = "the venue accepted nothing of what was asked for; check channels and products"
            notices.append(Notice(text, "fatal"))
        return tuple(notices)

    def _missing(self) -> list[Subscription]:
        """Compare what was asked for with the last ack."""
        missing = []
        for subscription in self._wanted:
            accepted = self._accepted.get(subscription.channel)
            if not accepted:
                missing.append(subscription)
                continue
            if subscription.channel in PRIVATE:  # acks list the account, not products (captures of 2026-09-30)
                continue
            absent = tuple(product for product in subscription.products if not _is_among(product, accepted))
            if absent:
                missing.append(Subscription(subscription.channel, absent))
        return missing

    def _nothing_left(self, missing: list[Subscription]) -> bool:
        asked_for = [wanted for wanted in self._wanted if wanted.channel != HEARTBEATS] or self._wanted
        return all(wanted in missing for wanted in asked_for)

    def _message(self, kind: Literal["subscribe", "unsubscribe"], subscription: Subscription, time: int) -> Message:
        fields: dict[str, Any] = {"type": kind}
        if subscription.products:
            fields["product_ids"] = list(subscription.products)
        fields["channel"] = subscription.channel
        if self._credentials is None:
            return Message(msgspec.json.encode(fields))
        signed = msgspec.json.encode(fields | {"jwt": self._credentials.jwt(time, self._nonce())})
        return Message(signed, redacted=redact_message(signed))

    def _on_error(self, payload: bytes) -> Notice:
        try:
            message = _decode_error(payload).message
        except (msgspec.DecodeError, UnicodeDecodeError):
            message = ""
        meaning = _FATAL_ERRORS.get(message)
        if message == _AUTHENTICATION_FAILURE and self._credentials is not None:
            meaning = _REFUSED_KEY
        if meaning is None:
            return Notice(f"the venue reports an error: {message!r}", "warning", "error", {"message": message})
        # What a program asks for later and does not get is no reason to end what it gets.
        severity: Literal["warning", "fatal"] = "warning" if self._was_changed else "fatal"
        return Notice(f"the venue refused: {message!r}: {meaning}", severity, "error", {"message": message})


def _is_among(product: str, accepted: Sequence[str]) -> bool:
    # Data of a -USDC product comes under the -USD id, and so may its ack (docs.cdp.coinbase.com, WebSocket overview).
    return product in accepted or (product.endswith("-USDC") and product.removesuffix("C") in accepted)
