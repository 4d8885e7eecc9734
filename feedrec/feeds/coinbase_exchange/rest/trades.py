"""The trades of a product, page by page: `GET /products/{id}/trades`."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import msgspec

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS
from ...decoding import whole_number
from ...rest import Market
from ...rest.json_answers import json_answer
from .errors import BAD_REQUEST
from .recorded_trades import RecordedTrade, RecordedTrades, recorded_trades

__all__ = ["trades_answer"]

_MOST = 1000
"""Trades of a page, which is also the default ("Exchange REST API Pagination")."""

_DECIMALS = 8
"""Decimals that prices have here at least, other than in frames: `69839.36000000` (QuestDB's documentation, 2026)."""

_WINDOWS = (60, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds into the past within which the last trades are looked for, one after the other, before all are read."""

_KEPT = 4
"""Pages of trades that are kept before all but the last one are dropped."""


class _ListedTrade(msgspec.Struct, frozen=True, gc=False):
    """
    A trade as the venue lists it, key for key (answers of 2026-04-06 in QuestDB's documentation, "Payload transforms").

    `parse_trade` of ccxt 4.5.90, `_trade_normalize` of cryptofeed 2.4.1 and `Trade` of coinbase-pro-node 9.1.0 read it.

    Attributes:
        trade_id: Its number, contiguous for each product.
        side: That of the maker.
        size: In the base currency.
        price: In the quote currency.
        time: When it was made, RFC 3339.

    """

    trade_id: int
    side: str
    size: str
    price: str
    time: str


def trades_answer(request: HttpRequest, market: Market, product: str) -> HttpAnswer | None:
    """
    Answer with a page of trades, the newest first.

    `after` and `before` are exclusive: older than that number, and newer ("Exchange REST API Pagination"). The headers
    name the first and the last one of the page (`getTrades` of coinbase-pro-node 9.1.0, `trades` of CoPrA 1.2.9).
    """
    limit, before, after = (_number(request, name) for name in ("limit", "before", "after"))
    if -1 in (limit, before, after) or limit == 0:
        return BAD_REQUEST
    trades = recorded_trades(market, product)
    if trades is None:
        return None
    page = _last_trades(trades, market.time, min(limit or _MOST, _MOST), before or 0, after)
    ends = (("cb-before", str(page[0].id)), ("cb-after", str(page[-1].id))) if page else ()
    answer = json_answer([_listed(trade) for trade in page], guessed=trades.guessed)
    return msgspec.structs.replace(answer, headers=(*ends, *answer.headers))


def _number(request: HttpRequest, name: str) -> int | None:
    """Return a parameter that is a whole number from 0; -1 if it is anything else, None if it is not given."""
    text = request.parameter(name)
    number = whole_number(text)
    return None if not text else -1 if number is None else number


def _last_trades(trades: RecordedTrades, now: int, limit: int, before: int, after: int | None) -> list[RecordedTrade]:
    """Return the last trades between two numbers, the newest first."""
    for seconds in _WINDOWS:
        page, oldest = _page(trades.since(now - seconds * NANOSECONDS), limit, before, after)
        if len(page) == limit or (oldest is not None and oldest <= before):
            return page
    page, oldest = _page(trades.since(0), limit, before, after)
    return page if oldest is not None else _page(trades.last(), limit, before, after)[0]


def _page(
    trades: Iterable[RecordedTrade], limit: int, before: int, after: int | None
) -> tuple[list[RecordedTrade], int | None]:
    """Return the last ones between two numbers, the newest first, and the lowest number of all that there are."""
    found: dict[int, RecordedTrade] = {}
    oldest = None
    for trade in trades:
        number = trade.id
        oldest = number if oldest is None else min(oldest, number)
        if before < number and (after is None or number < after):
            found[number] = trade
            if len(found) > _KEPT * limit:  # of millions, no more is kept
                found = dict(heapq.nlargest(limit, found.items()))
    return [found[number] for number in heapq.nlargest(limit, found)], oldest


def _listed(trade: RecordedTrade) -> _ListedTrade:
    """Return a trade as the venue lists it: its price has more decimals than in frames."""
    price = trade.price
    whole, _, decimals = price.partition(".")
    if len(decimals) < _DECIMALS and (whole + decimals).isdecimal():
        price = f"{whole}.{decimals:0<{_DECIMALS}}"
    return _ListedTrade(trade.id, trade.side, trade.size, price, trade.written_time)
