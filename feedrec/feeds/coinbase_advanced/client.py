"""The client half of Advanced Trade: a message and an ack for each channel, one sequence for the connection."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import msgspec

from ..base import ConnectionSequence, Message, Notice, Subscription
from ..client_half import ListedAcksClient, RequestKind, request_message
from ..credentials import CDP_KEY, JWT_LIFE, CdpKey
from ..decoding import decoder_of
from ..products import upper_case_product
from .channels import HEARTBEATS, PRIVATE, channel_name
from .limits import MAX_LEVEL2_PRODUCTS

__all__ = ["ACK_GRACE", "ACK_TIMEOUT", "SILENCE_LIMIT", "CoinbaseAdvancedClient"]

SILENCE_LIMIT = 20.0
"""Seconds without a frame that are not normal: heartbeats come each 1.000 s (capture of 2026-08-09)."""

ACK_GRACE = 1.0
"""Seconds to wait for further acks once there are as many as subscribe messages."""

ACK_TIMEOUT = 10.0
"""Seconds after which acks that have not come are taken as missing; live, all came within 0.5 s."""

_AUTHENTICATION_FAILURE = "authentication failure"

_ADVICE = {  # by the messages of error frames that no retry mends; probes of 2026-09
    _AUTHENTICATION_FAILURE: (
        "the channel does not exist there, or it needs credentials: "
        f"set {' and '.join(CDP_KEY.variables)}, or give a key file"
    ),
    "too many L2 streams requested in a single session": f"record at most {MAX_LEVEL2_PRODUCTS} products of it",
}

_CHECK_KEY = (
    f"the key is wrong or was revoked, or the clock is off: a JWT lives {JWT_LIFE // 60} minutes of the venue's time; "
    "check the key and the clock"
)


class _Subscriptions(msgspec.Struct):
    subscriptions: dict[str, list[str]] = {}


class _Ack(msgspec.Struct):
    events: list[_Subscriptions] = []


class _Error(msgspec.Struct):
    message: str = ""


_decode_ack = decoder_of(_Ack)
_decode_error = decoder_of(_Error)


def fresh_nonce() -> str:
    """Return 64 random hexadecimal digits, as the official SDK does (coinbase-advanced-py 1.8.4)."""
    return secrets.token_hex(32)


class CoinbaseAdvancedClient(ListedAcksClient):
    """
    The client half for one connection.

    Args:
        subscriptions: What to ask for: one subscribe message each.
        credentials: Signs each message with a JWT of its own; None to send them without.
        nonce: Returns 64 hexadecimal digits, different ones for each JWT.

    """

    def __init__(
        self,
        subscriptions: Sequence[Subscription],
        credentials: CdpKey | None = None,
        *,
        nonce: Callable[[], str] = fresh_nonce,
    ) -> None:
        super().__init__(
            subscriptions,
            ACK_TIMEOUT,
            ACK_GRACE,
            sequence=ConnectionSequence(0),
            heartbeats=HEARTBEATS,
            silence_limit=SILENCE_LIMIT,
        )
        self._credentials = credentials
        self._nonce = nonce

    def request_for(self, kind: RequestKind, subscription: Subscription, time: int) -> Message:
        fields: dict[str, Any] = {"type": kind}
        if subscription.products:
            fields["product_ids"] = list(subscription.products)
        fields["channel"] = subscription.channel
        proof = None if self._credentials is None else {"jwt": self._credentials.jwt(time, self._nonce())}
        return request_message(fields, proof)

    def listed_in(self, payload: bytes) -> Mapping[str, Collection[str]] | None:
        ack = _decode_ack(payload)
        if ack is None or not ack.events:
            return None if ack is None else self._accepted
        listed = ack.events[0].subscriptions.items()
        return {channel_name(channel): products for channel, products in listed if products}

    def absent_from(self, subscription: Subscription, listed: Collection[str]) -> tuple[str, ...]:
        if subscription.channel in PRIVATE:  # acks list the account, not products (captures of 2026-09-30)
            return ()
        # Data of a -USDC product comes under the -USD id (docs.cdp.coinbase.com, WebSocket overview); so may its ack.
        also = {f"{product}C" for product in listed if product.endswith("-USD")}
        return super().absent_from(subscription, also.union(listed))

    def product_name(self, channel: str, product: str) -> str:  # noqa: ARG002
        return upper_case_product(product)

    def on_error(self, payload: bytes) -> Sequence[Notice]:
        message = (_decode_error(payload) or _Error()).message
        is_key = message == _AUTHENTICATION_FAILURE and self._credentials is not None
        advice = _CHECK_KEY if is_key else _ADVICE.get(message, "")
        return (self.error_notice(repr(message), {"message": message}, advice),)
