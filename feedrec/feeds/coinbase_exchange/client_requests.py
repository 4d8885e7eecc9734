"""What a client of Coinbase Exchange asks for, in any of the documented shapes."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from ..decoding import decoder_of
from .channels import channel_name

__all__ = ["Request", "parse_request"]

_ALL = {"", "ALL"}  # of rfq_matches (Exchange channels page)

_Ids = list[str] | str | None


class _NamedChannel(msgspec.Struct):
    name: str
    product_ids: _Ids = None
    account_ids: _Ids = None


class _Message(msgspec.Struct):
    type: Literal["subscribe", "unsubscribe"]
    channels: list[str | _NamedChannel]
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


def parse_request(text: bytes) -> Request | None:
    """
    Read a message; None if it is not such a request, or names no channel.

    The products at its root are added to those of each channel (Exchange WebSocket Overview).
    """
    message = _decode(text)
    if message is None:
        return None
    channels: dict[str, dict[str, None]] = {}
    for one in message.channels:
        named = _NamedChannel(one) if isinstance(one, str) else one
        name = channel_name(named.name) if named.name in {"level2_50", "ticker_1000"} else named.name
        if name == "balance":
            ids = [*_listed(named.account_ids), *_listed(message.account_ids)]
        else:
            ids = [*_listed(named.product_ids), *_listed(message.product_ids)]
        channels.setdefault(name, {}).update(dict.fromkeys(ids))
    if not channels:
        return None
    fields = {"signature": message.signature, "key": message.key} | {
        "passphrase": message.passphrase,
        "timestamp": message.timestamp,
    }
    given = {name: value for name, value in fields.items() if value is not None}
    return Request(message.type, {name: list(ids) for name, ids in channels.items()}, given)


def _listed(ids: _Ids) -> list[str]:
    return [one for one in ([ids] if isinstance(ids, str) else ids or ()) if one not in _ALL]
