"""
The books of Advanced Trade over HTTP.

Shape: answers of 2026-04-07 (nautilus_trader, `test_data/http_product_book.json`) and of 2026-09, in which `last` is
the middle, too, and `spread_bps` a part of the best ask; `PriceBook` and `GetProductBookResponse` of
coinbase-advanced-py 1.8.4; `coinbase.fetch_order_book` and `fetch_bids_asks` of ccxt 4.5.90.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from ....http_messages import HttpAnswer, HttpRequest
from ...rest.candles import plain_text
from ...rest.json_answers import json_answer
from ..channels import TICKER
from ..frames import go_time
from .errors import invalid_argument
from .parameters import limit_of
from .recorded import LEVEL2, Level, Recorded

__all__ = ["MOST_LEVELS", "best_bid_ask", "best_prices", "book", "sides_of"]

MOST_LEVELS = 1000
"""Levels of a side, as observed on 2026-09-27, however many are asked for."""

_STEP = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_PRECISE = Context(prec=60)
_BASIS_POINTS = 10_000
_BASIS_POINT_DIGITS = Decimal(1).scaleb(-12)

_Row = dict[str, str]


def book(request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer a request for a book; None if there is none.

    Raises:
        BadRequestError: If a parameter is wrong.

    """
    limit = limit_of(request, MOST_LEVELS)
    step = _step(request)
    name = request.parameter("product_id") or ""
    levels = recorded.book(recorded.source_of(name))
    if not levels:
        return None
    bids, asks = sides_of(levels)
    some_bids = list(itertools.islice(_grouped(bids, step, ROUND_FLOOR), limit))
    some_asks = list(itertools.islice(_grouped(asks, step, ROUND_CEILING), limit))
    time = levels[-1].event_time
    answer = {"pricebook": _price_book(name, some_bids, some_asks, time, recorded)}
    return json_answer(answer | _spread(some_bids, some_asks))


def best_bid_ask(request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """Answer a request for the best bid and ask of some products, or of all; None if there is none."""
    wanted = [value for name, value in request.query if name == "product_ids"] or recorded.products()
    sources = {name: recorded.source_of(name) for name in wanted}
    recorded.read((TICKER, LEVEL2), sources.values())
    books = []
    for name, source in sources.items():
        bids, asks = best_prices(source, recorded)
        if bids or asks:
            books.append(_price_book(name, bids, asks, "", recorded))
    return json_answer({"pricebooks": books}) if books else None


def best_prices(source: str, recorded: Recorded) -> tuple[list[_Row], list[_Row]]:
    """Return the best bid and the best ask, each a list of one or none, of the ticker, else of the book."""
    ticker = recorded.ticker(source)
    if ticker is not None and (ticker.best_bid or ticker.best_ask):
        bid, ask = ticker.best_bid, ticker.best_ask
        return _row(bid, ticker.best_bid_quantity), _row(ask, ticker.best_ask_quantity)
    bids, asks = sides_of(recorded.book(source))
    return [{"price": one.price_level, "size": one.new_quantity} for one in bids[:1]], [
        {"price": one.price_level, "size": one.new_quantity} for one in asks[:1]
    ]


def _row(price: str, size: str) -> list[_Row]:
    return [{"price": price, "size": size}] if price else []


def sides_of(levels: Iterable[Level]) -> tuple[list[Level], list[Level]]:
    """Return the bids and the asks of a book, in their order."""
    sides: tuple[list[Level], list[Level]] = ([], [])
    for level in levels:
        sides[level.side != "bid"].append(level)
    return sides


def _price_book(name: str, bids: list[_Row], asks: list[_Row], time: str, recorded: Recorded) -> dict[str, Any]:
    """Return a book; documented frames of level2 have times of 1970, which say nothing."""
    is_told = time and not time.startswith("1970-")
    return {"product_id": name, "bids": bids, "asks": asks, "time": time if is_told else go_time(recorded.time)}


def _step(request: HttpRequest) -> Decimal | None:
    """Return the step of prices by which levels are grouped; None for every price by itself."""
    text = request.parameter("aggregation_price_increment") or ""
    if not text:
        return None
    if not (_STEP.fullmatch(text) and float(text)):
        raise invalid_argument("aggregation_price_increment argument is invalid")
    return Decimal(text)


def _grouped(levels: Iterable[Level], step: Decimal | None, rounding: str) -> Iterator[_Row]:
    """Yield levels, those of a step together: at a price that is no better than that of any of them."""
    if step is None:
        for level in levels:
            yield {"price": level.price_level, "size": level.new_quantity}
        return
    for price, some in itertools.groupby(levels, lambda level: _rounded(level.price_level, step, rounding)):
        size = Decimal(0)
        for level in some:
            size = _PRECISE.add(size, Decimal(level.new_quantity))
        yield {"price": plain_text(price), "size": plain_text(size)}


def _rounded(price: str, step: Decimal, rounding: str) -> Decimal:
    steps = _PRECISE.divide(Decimal(price), step).to_integral_value(rounding)
    return _PRECISE.multiply(steps, step)


def _spread(bids: list[_Row], asks: list[_Row]) -> dict[str, str]:
    if not bids or not asks or not float(asks[0]["price"]):
        return dict.fromkeys(("last", "mid_market", "spread_bps", "spread_absolute"), "")
    bid, ask = Decimal(bids[0]["price"]), Decimal(asks[0]["price"])
    spread = _PRECISE.subtract(ask, bid)
    middle = plain_text(_PRECISE.divide(_PRECISE.add(bid, ask), Decimal(2)))
    part = _PRECISE.divide(spread * _BASIS_POINTS, ask).quantize(_BASIS_POINT_DIGITS, context=_PRECISE)
    return {
        "last": middle,
        "mid_market": middle,
        "spread_bps": plain_text(part),
        "spread_absolute": plain_text(spread),
    }
