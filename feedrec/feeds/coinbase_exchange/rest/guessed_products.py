"""Products and currencies where no frame lists them: those that were recorded, by what was seen of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ...decoding import decoder_of
from ...rest import Market
from ...rest.currencies import MONEY
from ...rest.increments import increment_of
from ...state.book import Level
from .recorded import is_recorded
from .shapes import CURRENCY, PRODUCT, details_of

__all__ = ["guessed_currencies", "guessed_products"]

_PRICED = ("level2", "ticker", "matches")
"""Channels whose frames have prices and sizes."""

_FIAT_PRECISION = "0.01"
"""The increment of money."""


class _Priced(msgspec.Struct, gc=False):
    """A book, a ticker, or a match."""

    asks: list[Level] = []
    bids: list[Level] = []
    price: str = ""
    best_bid: str = ""
    best_ask: str = ""
    size: str = ""
    last_size: str = ""


class _Seen:
    """Prices and sizes of a product that were seen."""

    def __init__(self) -> None:
        self.prices: list[str] = []
        self.sizes: list[str] = []

    def add(self, frame: _Priced) -> None:
        levels = (*frame.asks, *frame.bids)
        self.prices += [frame.price, frame.best_bid, frame.best_ask, *(price for price, _ in levels)]
        self.sizes += [frame.size, frame.last_size, *(size for _, size in levels)]


_decode_priced = decoder_of(_Priced)


def guessed_products(market: Market, names: Collection[str]) -> list[dict[str, Any]]:
    """Return some of these products, with increments as coarse as what was seen of them allows."""
    keys = [(channel, name) for name in names for channel in _PRICED if is_recorded(market, channel, name)]
    seen = {name: _Seen() for name in names}
    for (_, name), payload in market.snapshots(keys).items():
        frame = _decode_priced(payload or b"")
        if frame is not None:
            seen[name].add(frame)
    return [_guessed_product(name, seen[name]) for name in names]


def _guessed_product(name: str, seen: _Seen) -> dict[str, Any]:
    base, _, quote = name.partition("-")
    increments = {"quote_increment": increment_of(seen.prices), "base_increment": increment_of(seen.sizes)}
    names = {"id": name, "base_currency": base, "quote_currency": quote, "display_name": name}
    return {**PRODUCT, **names, **{key: value for key, value in increments.items() if value}}


def guessed_currencies(products: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the currencies of products, with the finest increment of those of which they are the base."""
    finest: dict[str, list[str]] = {}
    for one in products:
        finest.setdefault(one["base_currency"], []).append(one["base_increment"])
        finest.setdefault(one["quote_currency"], [])
    return [_guessed_currency(name, increments) for name, increments in sorted(finest.items())]


def _guessed_currency(name: str, increments: Collection[str]) -> dict[str, Any]:
    usual = _FIAT_PRECISION if name in MONEY else CURRENCY["max_precision"]
    precision = min(increments, key=Decimal, default=usual)
    names = {"id": name, "name": name, "display_name": name, "details": details_of(name)}
    return {**CURRENCY, **names, "min_size": precision, "max_precision": precision}
