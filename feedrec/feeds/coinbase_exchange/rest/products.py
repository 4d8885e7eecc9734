"""
Products and currencies: `/products`, `/products/{id}`, `/currencies` and `/currencies/{id}`.

They are those of the last frame of `status`, whose objects have nearly all keys of these answers. Where none is
recorded they are made up (guessed_products.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ....http_messages import HttpAnswer
from ...decoding import decoder_of
from ...rest import Market
from ...rest.json_answers import json_answer
from .guessed_products import guessed_currencies, guessed_products
from .recorded import recorded_products
from .shapes import CURRENCY, PRODUCT, details_of

__all__ = ["currencies_answer", "currency_answer", "product_answer", "products_answer"]

_ONLY_IN_FRAMES = frozenset({"type", "status_message", "funding_account_id"})
"""Keys of a frame's objects that these answers have under another name, or not at all."""

_GUESSED = "no status is recorded: products by name, increments by prices and sizes"


class _Status(msgspec.Struct, gc=False):
    """What a frame of `status` lists; each has all of it ("Exchange WebSocket Channels")."""

    products: list[dict[str, Any]] | None = None
    currencies: list[dict[str, Any]] | None = None


_decode = decoder_of(_Status)


def products_answer(market: Market) -> HttpAnswer:
    """Answer with all products."""
    listed = _status(market).products
    if listed:
        return json_answer([_listed_product(one) for one in listed])
    return json_answer(guessed_products(market, recorded_products(market)), guessed=_GUESSED)


def product_answer(market: Market, product: str) -> HttpAnswer | None:
    """Answer with a product; None if there is no such."""
    listed = _status(market).products
    if listed:
        return next((json_answer(_listed_product(one)) for one in listed if one.get("id") == product), None)
    named = [product] if product in recorded_products(market) else []
    return next((json_answer(one, guessed=_GUESSED) for one in guessed_products(market, named)), None)


def currencies_answer(market: Market) -> HttpAnswer:
    """Answer with all currencies."""
    listed = _status(market).currencies
    if listed:
        return json_answer([_listed_currency(one) for one in listed])
    products = guessed_products(market, recorded_products(market))
    return json_answer(guessed_currencies(products), guessed=_GUESSED)


def currency_answer(market: Market, currency: str) -> HttpAnswer | None:
    """Answer with a currency; None if there is no such."""
    listed = _status(market).currencies
    if listed:
        return next((json_answer(_listed_currency(one)) for one in listed if one.get("id") == currency), None)
    named = [product for product in recorded_products(market) if currency in product.split("-")]
    found = guessed_currencies(guessed_products(market, named))
    return next((json_answer(one, guessed=_GUESSED) for one in found if one["id"] == currency), None)


def _status(market: Market) -> _Status:
    return _decode(market.snapshot("status", "") or b"") or _Status()


def _listed_product(given: Mapping[str, Any]) -> dict[str, Any]:
    is_online = given.get("status", "online") == "online"
    product = {**PRODUCT, "trading_disabled": not is_online, **_told(given)}
    base, _, quote = product["id"].partition("-")
    for key, usual in (("base_currency", base), ("quote_currency", quote), ("display_name", product["id"])):
        product[key] = product[key] or usual
    product["status_message"] = given.get("status_message") or ""
    return product


def _listed_currency(given: Mapping[str, Any]) -> dict[str, Any]:
    currency = {**CURRENCY, "message": given.get("status_message") or "", **_told(given)}
    details = {key: value for key, value in (given.get("details") or {}).items() if value is not None}
    return {**currency, "details": {**details_of(given.get("id") or ""), **details}}


def _told(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an object of a frame tells under the names of these answers."""
    return {key: value for key, value in given.items() if value is not None and key not in _ONLY_IN_FRAMES}
