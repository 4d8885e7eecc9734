"""The products that Advanced Trade lists, from `status`, and from what was recorded of those that it does not list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from ....http_messages import HttpAnswer, HttpRequest
from ...rest.increments import increment_of
from ...rest.json_answers import json_answer
from ..channels import TICKER, TICKER_BATCH
from .book import MOST_LEVELS, sides_of
from .parameters import flag, one_of, whole
from .product_fields import Facts, is_future, product_fields
from .recorded import CANDLES, LEVEL2, TRADES, Recorded, Status, other_book_of

__all__ = ["known_products", "last_price", "product", "products"]

_TYPES = ("UNKNOWN_PRODUCT_TYPE", "SPOT", "FUTURE")
"""Values of `product_type` (`rest/products.py` of coinbase-advanced-py 1.8.4; Advanced Trade API, "List Products")."""

_INCREMENTS = "increments"

_PRICED = (TICKER, TICKER_BATCH, TRADES)
"""Where the last price of a product is found."""


def products(request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer a request for the list.

    Without `product_type`, `product_ids` and `get_all_products` it has spot products alone, as observed on 2026-09-27.

    Raises:
        BadRequestError: If a parameter is wrong.

    """
    kind = one_of(request, "product_type", _TYPES)
    limit, offset, has_all = whole(request, "limit"), whole(request, "offset"), flag(request, "get_all_products")
    wanted = {value for name, value in request.query if name == "product_ids"}
    known = known_products(recorded)
    if not known:
        return None
    if wanted:
        known = [one for one in known if one.id in wanted]
    if kind in ("SPOT", "FUTURE") or not (wanted or has_all):
        known = [one for one in known if is_future(one) == (kind == "FUTURE")]
    begin = max(offset, 0)
    chosen = known[begin : begin + limit if limit > 0 else None]
    fields, is_guessed = _fields(chosen, known, recorded)
    answer = {"products": fields, "num_products": len(fields), "pagination": None}
    return json_answer(answer, guessed=_INCREMENTS if is_guessed else "")


def product(name: str, _request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """Answer a request for one product; None if nothing is known of it."""
    source = recorded.source_of(name)
    found = recorded.status(name) or [Status(one) for one in recorded.products() if one == source]
    if not found:
        return None
    chosen = [msgspec.structs.replace(found[0], id=name)]
    related = recorded.status(other_book_of(name) or f"{name}C")
    fields, is_guessed = _fields(chosen, [*chosen, *related], recorded)
    return json_answer(fields[0], guessed=_INCREMENTS if is_guessed else "")


def known_products(recorded: Recorded) -> list[Status]:
    """Return what `status` lists, in its order, and after that the products of which something else was recorded."""
    listed = [one for one in recorded.status() if one.id]
    names = {one.id for one in listed}
    return [*listed, *(_by_name(name) for name in recorded.products() if name not in names)]


def last_price(name: str, recorded: Recorded) -> str:
    """Return the last price of a product, as tickers or trades show it; empty if neither does."""
    source = recorded.source_of(name)
    ticker = recorded.ticker(source)
    if ticker is not None and ticker.price:
        return ticker.price
    trades = recorded.trades(source)
    return trades[0].price if trades else ""


def _fields(chosen: Sequence[Status], known: Iterable[Status], recorded: Recorded) -> tuple[list[dict[str, Any]], bool]:
    """Return the fields of products, of those that are known, and whether any increment was guessed."""
    unlisted = {one.id for one in chosen if not one.quote_increment}
    recorded.read(_PRICED, [recorded.source_of(one.id) for one in chosen])
    recorded.read((LEVEL2, CANDLES), [recorded.source_of(name) for name in unlisted])
    names = {one.id for one in known}
    fields = []
    for one in chosen:
        status = _guessed(one.id, recorded) if one.id in unlisted else one
        facts = Facts(status, last_price(one.id, recorded), recorded.ticker(recorded.source_of(one.id)))
        facts.alias = other_book_of(one.id) if other_book_of(one.id) in names else ""
        facts.alias_to = [alias for alias in (f"{one.id}C",) if other_book_of(alias) == one.id and alias in names]
        fields.append(product_fields(facts))
    return fields, bool(unlisted)


def _by_name(name: str) -> Status:
    """Return a product of which nothing but its id is known."""
    base, _, rest = name.partition("-")
    quote = rest.rpartition("-")[2] if rest.count("-") == 0 else "USD"
    return Status(name, base_currency=base, quote_currency=quote, status="online", display_name=name.replace("-", " "))


def _guessed(name: str, recorded: Recorded) -> Status:
    """Return a product with the increments of what was seen of its prices and sizes."""
    source = recorded.source_of(name)
    prices: list[str] = []
    sizes: list[str] = []
    for side in sides_of(recorded.book(source)):
        prices += (level.price_level for level in side[:MOST_LEVELS])
        sizes += (level.new_quantity for level in side[:MOST_LEVELS])
    for trade in recorded.trades(source):
        prices.append(trade.price)
        sizes.append(trade.size)
    for candle in recorded.last_candles(source):
        prices += (candle.open, candle.high, candle.low, candle.close)
        sizes.append(candle.volume)
    ticker = recorded.ticker(source)
    if ticker is not None:
        prices += (ticker.price, ticker.best_bid, ticker.best_ask)
        prices += (ticker.low_24_h, ticker.high_24_h, ticker.low_52_w, ticker.high_52_w)
        sizes += (ticker.volume_24_h, ticker.best_bid_quantity, ticker.best_ask_quantity)
    seen = _by_name(name)
    seen.base_increment, seen.quote_increment = increment_of(sizes), increment_of(prices)
    return seen
