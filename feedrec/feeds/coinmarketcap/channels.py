"""
The channels of CoinMarketCap, their parameters, and how subscriptions are told apart.

A product, in feedrec's terms, is what a push is about: the values of the channel's own parameters, in the documented
order, with colons between them. So the product of `onchain@kline` is
`14:0x8ac7...:1m`, that of `market@crypto_latest_price` is `1`. A subscription that lists several ids or addresses has
that many products; each push is about one. Hexadecimal addresses are not case-sensitive, and are written in lower case.

Sources: "WebSocket (Beta) Overview" of CoinMarketCap's API documentation, 2026; `mode` is from a live recorder of 2026.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from ..base import Channel

__all__ = ["CHANNELS", "PARAMS", "Param", "identity", "products_of", "value_problem"]


class Param(msgspec.Struct, frozen=True):
    """
    A parameter of a subscription.

    Attributes:
        name: Its name on the wire.
        kind: Its kind; several values where that is a plural.
        example: An example, as a person writes it.
        is_required: Whether a subscription must have it. Required parameters make up the product.
        is_at_most_a_day: Whether an interval may be up to `1d` only.

    """

    name: str
    kind: Literal["number", "numbers", "addresses", "interval", "text"]
    example: str
    is_required: bool = True
    is_at_most_a_day: bool = False

    @property
    def is_list(self) -> bool:
        """Whether it takes several values."""
        return self.kind in {"numbers", "addresses"}


_ADDRESS = "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"  # as in the documented examples
_PLATFORM = Param("platform_id", "number", "14")
_TOKEN = (_PLATFORM, Param("address", "addresses", _ADDRESS))
_TOKEN_AND_INTERVAL = (*_TOKEN, Param("interval", "interval", "1m"))

PARAMS: Mapping[str, tuple[Param, ...]] = {
    "market@crypto_latest_price": (
        Param("crypto_ids", "numbers", "1,1027"),
        Param("mode", "text", "full", is_required=False),
    ),
    "onchain@token_agg_event": _TOKEN,
    "onchain@transaction": _TOKEN,
    "onchain@liquidity_event": _TOKEN,
    "onchain@kline": _TOKEN_AND_INTERVAL,
    "onchain@token_metric": _TOKEN,
    "onchain@pool_metric": (_PLATFORM, Param("pool_address", "addresses", _ADDRESS)),
    "onchain@unique_trader": (*_TOKEN, Param("interval", "interval", "1m", is_at_most_a_day=True)),  # "(up to `1d`)"
    "onchain@holders_metrics": _TOKEN,
    "onchain@holder_wallet_update": (_PLATFORM, Param("wallet_address", "addresses", _ADDRESS)),
}
"""What a subscription of each channel takes."""

_SUMMARIES = {
    "market@crypto_latest_price": "price, market cap and changes of cryptocurrencies, every 5 or 15 seconds",
    "onchain@token_agg_event": "aggregated price of tokens, at every swap",
    "onchain@transaction": "swaps of tokens",
    "onchain@liquidity_event": "liquidity of tokens: added, removed or migrated",
    "onchain@kline": "candles of tokens, at the close of each interval",
    "onchain@token_metric": "rolling metrics of tokens",
    "onchain@pool_metric": "rolling metrics of pools",
    "onchain@unique_trader": "number of traders of tokens, at the close of each interval",
    "onchain@holders_metrics": "metrics of the holders of tokens",
    "onchain@holder_wallet_update": "balances and profits of wallets",
}

CHANNELS = tuple(
    Channel(
        name,
        summary,
        takes_products=False,
        needs_credentials=True,
        params=tuple(param.name for param in PARAMS[name] if param.is_required),
        optional_params=tuple(param.name for param in PARAMS[name] if not param.is_required),
        example="&".join(f"{param.name}={param.example}" for param in PARAMS[name] if param.is_required),
    )
    for name, summary in _SUMMARIES.items()
)
"""In the order of the overview's index."""

_IDENTIFYING = {channel.name: channel.params for channel in CHANNELS}
_HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]+", re.ASCII)
_SPAN = re.compile(r"[1-9]\d{0,3}[smhdwM]", re.ASCII)
_DAY = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": _DAY, "w": 7 * _DAY, "M": 28 * _DAY}  # seconds, of a month at least
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f,]")
_GREATEST_NUMBER = 2**53


def products_of(channel: str, params: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the products that the parameters of a subscription or a push name; none if they are incomplete."""
    names = _IDENTIFYING.get(channel)
    if names is None:
        return ()
    values = [_texts(params.get(name)) for name in names]
    if len(values) == 1:
        return tuple(values[0])
    return tuple(map(":".join, itertools.product(*values)))


def identity(channel: str, params: Mapping[str, Any]) -> bytes:
    """
    Return what two subscriptions that the venue calls duplicates have in common: channel and normalized parameters.

    How the venue normalizes is not documented. Here the order of keys and of lists does not matter, nor whether a
    single value is in a list, nor the case of a hexadecimal address, nor parameters that the channel does not take. All
    parameters of a channel that is not known tell.
    """
    known = PARAMS.get(channel)
    if known is None:
        return msgspec.json.encode([channel, [[name, sorted(_texts(params[name]))] for name in sorted(params)]])
    return msgspec.json.encode([channel, [sorted(_texts(params.get(param.name))) for param in known]])


def value_problem(param: Param, value: object) -> str | None:
    """Return what a value must be, if it is not; a list parameter takes a single value or a non-empty list."""
    values = value if param.is_list and isinstance(value, list) else [value]
    if values and all(_is_of_kind(param.kind, one) for one in values):
        return "a time of at most 1d" if param.is_at_most_a_day and _seconds(str(value)) > _DAY else None
    if param.kind in {"number", "numbers"}:
        return "a number from 1" if param.kind == "number" else "numbers from 1"
    if param.kind == "interval":
        return "a time such as 1s, 5m, 1h or 1d"
    return "text without spaces and commas" if param.kind == "text" else "addresses"


def _is_of_kind(kind: str, value: object) -> bool:
    if kind in {"number", "numbers"}:
        return type(value) is int and 0 < value <= _GREATEST_NUMBER
    if not isinstance(value, str) or not value:
        return False
    return _SPAN.fullmatch(value) is not None if kind == "interval" else _UNPRINTABLE.search(value) is None


def _seconds(interval: str) -> int:
    return int(interval[:-1]) * _UNITS[interval[-1]]


def _texts(value: object) -> list[str]:
    """Return the distinct values of a parameter as text, hexadecimal ones in lower case."""
    if type(value) is int:
        return [str(value)]
    if isinstance(value, str):
        return [value.lower() if _HEXADECIMAL.fullmatch(value) else value]
    if isinstance(value, list):
        return list(dict.fromkeys(text for one in value if not isinstance(one, list) for text in _texts(one)))
    return []
