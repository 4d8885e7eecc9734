"""What a client of Coinbase Exchange asks for, in any of the documented shapes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..decoding import decoder_of
from .channels import channel_name

__all__ = ["NO_CHANNELS", "WRONG_TYPE", "Request", "parse_request"]

NO_CHANNELS = "No channels provided"
"""Reason of the error for a message without channels (danpaquin/coinbasepro-python #371, 2019, and #434, 2021)."""

WRONG_TYPE = "Type has to be either subscribe or unsubscribe"
"""Reason of the error for any other message (seen by clients of the venue, in their tests)."""

_ALL = {"", "ALL"}  # of rfq_matches (Exchange channels page)

_Ids = list[str] | str | None


class _NamedChannel(msgspec.Struct):
    name: str
    product_ids: _Ids = None
    account_ids: _Ids = None


class _Message(msgspec.Struct):
    type: Any = None
    channels: list[str | _NamedChannel] | None = None
    product_ids: _Ids = None
    account_ids: _Ids = None
    signature: Any = None
    key: Any = None
    passphrase: Any = None
    timestamp: Any = None


class Request(msgspec.Struct, frozen=True):
    """
    A message that subscribes or unsubscribes.

    Attributes:
        kind: Which of the two.
        channels: By subscription name, the products of each, or the accounts of `balance`; empty where it names none.
        credentials: Those of `signature`, `key`, `passphrase` and `timestamp` that the message has.

    """

    kind: Literal["subscribe", "unsubscribe"]
    channels: dict[str, list[str]]
    credentials: dict[str, object]


_decode = decoder_of(_Message)


def parse_request(text: bytes) -> Request | str | None:
    """
    Read a message.

    The products at its root are added to those of each channel (Exchange WebSocket Overview).

    Returns:
        The venue's reason why it is refused, if it asks for nothing; None if it is not JSON, or not of such a shape.

    """
    message = _decode(text)
    if message is None:
        return None
    if message.type not in ("subscribe", "unsubscribe"):
        return WRONG_TYPE
    if not message.channels:
        return NO_CHANNELS
    channels: dict[str, dict[str, None]] = {}
    for one in message.channels:
        named = _NamedChannel(one) if isinstance(one, str) else one
        name = channel_name(named.name) if named.name in {"level2_50", "ticker_1000"} else named.name
        if name == "balance":
            ids = [*_listed(named.account_ids), *_listed(message.account_ids)]
        else:
            ids = [*_listed(named.product_ids), *_listed(message.product_ids)]
        channels.setdefault(name, {}).update(dict.fromkeys(ids))
    fields = {"signature": message.signature, "key": message.key} | {
        "passphrase": message.passphrase,
        "timestamp": message.timestamp,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return Request(message.type, {name: list(ids) for name, ids in channels.items()}, given)


def _listed(ids: _Ids) -> list[str]:
    return [one for one in ([ids] if isinstance(ids, str) else ids or ()) if one not in _ALL]
