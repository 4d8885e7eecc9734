"""
The trades of a product: `GET /products/{id}/trades`, and what candles are made of.

They are the recorded matches, or where none are recorded the trades that tickers name. These may lack some: the venue
sends one ticker for several matches that come at once ("Exchange WebSocket Channels").
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

import msgspec

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS, parse_time
from ...decoding import decoder_of, whole_number
from ...rest import Market
from ...rest.json_answers import json_answer
from .errors import BAD_REQUEST
from .recorded import is_recorded

__all__ = ["RecordedTrades", "VenueTrade", "recorded_trades", "trades_answer"]

_MOST = 1000
"""Trades of a page, which is also the default ("Exchange REST API Pagination")."""

_DECIMALS = 8
"""Decimals that prices have here at least, other than in frames: `69839.36000000` (QuestDB's documentation, 2026)."""

_WINDOWS = (60, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds into the past within which the last trades are looked for, one after the other, before all are read."""

_CLOCKS_DIFFER = 60 * NANOSECONDS
"""How much later by the recorder's clock than by the venue's, or earlier, a trade may be."""

_KEPT = 4
"""Pages of trades that are kept before all but the last one are dropped."""

_OTHER_SIDE = {"buy": "sell", "sell": "buy"}


class VenueTrade(msgspec.Struct, frozen=True, gc=False):
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


class _Match(msgspec.Struct, gc=False):
    """A match, or a ticker, which has `last_size`, and the taker's side."""

    trade_id: int | None = None
    side: str = ""
    size: str = ""
    price: str = ""
    time: str = ""
    last_size: str = ""


_decode = decoder_of(_Match)


class RecordedTrades:
    """
    The trades of a product as the recordings have them; see `recorded_trades`.

    Attributes:
        guessed: What is not known of them, in a few words; see `GUESSED`.

    """

    def __init__(self, market: Market, channel: str, product: str) -> None:
        self._market = market
        self._key = channel, product
        self.guessed = "" if channel == "matches" else "trades by tickers, which may lack some"

    def since(self, time: int) -> Iterator[VenueTrade]:
        """Yield those that were made from a time on, and perhaps some before, as they came: some several times."""
        frames = self._market.frames(*self._key, max(time - _CLOCKS_DIFFER, 0))
        return (trade for frame in frames if (trade := _trade_in(frame.payload)) is not None)

    def first(self) -> VenueTrade | None:
        """Return the first one; None if none has been played."""
        return next(self.since(0), None)

    def last(self) -> list[VenueTrade]:
        """Return the last one if one is known: before any was played, that is the first one that comes."""
        trade = _trade_in(self._market.snapshot(*self._key) or b"")
        return [] if trade is None else [trade]


def recorded_trades(market: Market, product: str) -> RecordedTrades | None:
    """Return the trades of a product from the channel that tells most of them; None if none tells any."""
    channel = next((one for one in ("matches", "ticker") if is_recorded(market, one, product)), None)
    return None if channel is None else RecordedTrades(market, channel, product)


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
    ends = (("cb-before", str(page[0].trade_id)), ("cb-after", str(page[-1].trade_id))) if page else ()
    answer = json_answer([_padded(trade) for trade in page], guessed=trades.guessed)
    return msgspec.structs.replace(answer, headers=(*ends, *answer.headers))


def _number(request: HttpRequest, name: str) -> int | None:
    """Return a parameter that is a whole number from 0; -1 if it is anything else, None if it is not given."""
    text = request.parameter(name)
    number = whole_number(text)
    return None if not text else -1 if number is None else number


def _last_trades(trades: RecordedTrades, now: int, limit: int, before: int, after: int | None) -> list[VenueTrade]:
    """Return the last trades between two numbers, the newest first."""
    for seconds in _WINDOWS:
        page, oldest = _page(trades.since(now - seconds * NANOSECONDS), limit, before, after)
        if len(page) == limit or (oldest is not None and oldest <= before):
            return page
    page, oldest = _page(trades.since(0), limit, before, after)
    return page if oldest is not None else _page(trades.last(), limit, before, after)[0]


def _page(
    trades: Iterable[VenueTrade], limit: int, before: int, after: int | None
) -> tuple[list[VenueTrade], int | None]:
    """Return the last ones between two numbers, the newest first, and the lowest number of all that there are."""
    found: dict[int, VenueTrade] = {}
    oldest = None
    for trade in trades:
        number = trade.trade_id
        oldest = number if oldest is None else min(oldest, number)
        if before < number and (after is None or number < after):
            found[number] = trade
            if len(found) > _KEPT * limit:  # of millions, no more is kept
                found = dict(heapq.nlargest(limit, found.items()))
    return [found[number] for number in heapq.nlargest(limit, found)], oldest


def _trade_in(payload: bytes) -> VenueTrade | None:
    match = _decode(payload)
    if match is None or match.trade_id is None or not match.price:
        return None
    try:
        parse_time(match.time)
    except ValueError:
        return None
    side = _OTHER_SIDE.get(match.side, match.side) if match.last_size else match.side
    return VenueTrade(match.trade_id, side, match.size or match.last_size, match.price, match.time)


def _padded(trade: VenueTrade) -> VenueTrade:
    """Return a trade whose price has the decimals of the venue's answers."""
    whole, _, decimals = trade.price.partition(".")
    if len(decimals) >= _DECIMALS or not (whole + decimals).isdecimal():
        return trade
    return msgspec.structs.replace(trade, price=f"{whole}.{decimals:0<{_DECIMALS}}")
