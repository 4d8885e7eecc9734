"""
The candles of Advanced Trade over HTTP.

Shape: an answer of 2026-04 (nautilus_trader, `test_data/http_candles.json`); `Candle` of coinbase-advanced-py 1.8.4;
`coinbase.parse_ohlcv` of ccxt 4.5.90. Order and limits: probes of 2026-09-24, in which a candle counted if it began
between `start` and `end`, the newest came first, the present one too, and 350 was the most.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

from ....http_messages import HttpAnswer, HttpRequest
from ....model import NANOSECONDS
from ...rest.candles import Candle, Candles, plain_text
from ...rest.json_answers import json_answer
from .errors import invalid_argument
from .parameters import limit_of, one_of, seconds
from .recorded import CANDLES, TRADES, Recorded, SeenCandle
from .trades import counted

__all__ = ["candles"]

MOST_CANDLES = 350
"""Candles of an answer (Advanced Trade API, "Get Public Product Candles"; the words of the refusal)."""

_MINUTE = 60
_HOUR = 3600
_RECORDED = 5 * _MINUTE
"""The length of those of the channel ("Advanced Trade WebSocket Channels")."""

_LENGTHS = {
    "ONE_MINUTE": _MINUTE,
    "FIVE_MINUTE": 5 * _MINUTE,
    "FIFTEEN_MINUTE": 15 * _MINUTE,
    "THIRTY_MINUTE": 30 * _MINUTE,
    "ONE_HOUR": _HOUR,
    "TWO_HOUR": 2 * _HOUR,
    "FOUR_HOUR": 4 * _HOUR,
    "SIX_HOUR": 6 * _HOUR,
    "ONE_DAY": 24 * _HOUR,
}
"""Seconds of each granularity (Advanced Trade API, "Get Public Product Candles")."""

_UNKNOWN = "UNKNOWN_GRANULARITY"
_PRECISE = Context(prec=200)


def candles(name: str, request: HttpRequest, recorded: Recorded) -> HttpAnswer | None:
    """
    Answer a request for candles; None if neither candles nor trades of the product were recorded.

    From five minutes on they are those of the channel, several together where longer ones are asked for. Otherwise they
    are made of trades. The oldest is incomplete if what was recorded begins within it.

    Raises:
        BadRequestError: If a parameter is wrong.

    """
    granularity = one_of(request, "granularity", (*_LENGTHS, _UNKNOWN))
    if granularity not in _LENGTHS:
        raise invalid_argument("granularity argument is invalid ")
    length = _LENGTHS[granularity]
    start, end = seconds(request, "start"), seconds(request, "end")
    if start is None or end is None or start > end:
        raise invalid_argument("start and end argument is invalid")
    limit = limit_of(request, MOST_CANDLES)
    first, last = -(-start // length) * length, end // length * length
    if (last - first) // length >= MOST_CANDLES:
        raise invalid_argument(
            f"start and end argument is invalid - number of candles requested should be less than {MOST_CANDLES}"
        )
    source = recorded.source_of(name)
    if length >= _RECORDED and recorded.has(CANDLES, source):
        found, whole_from = _of_channel(source, length, first, last, recorded)
    elif recorded.has(TRADES, source):
        found, whole_from = _of_trades(source, length, first, last, recorded)
    else:
        return None
    rows = [_row(one) for one in reversed(found)][:limit]
    is_cut = bool(rows) and int(rows[-1]["start"]) < whole_from
    return json_answer({"candles": rows}, guessed="the first candle" if is_cut else "")


def _of_channel(source: str, length: int, first: int, last: int, recorded: Recorded) -> tuple[list[Candle], int]:
    """Return the candles that begin between two times, in seconds, and that from which on nothing is missing."""
    groups: dict[int, list[SeenCandle]] = {}
    for one in recorded.candles_since(source, first):
        if int(one.start) < last + length:
            groups.setdefault(int(one.start) // length * length, []).append(one)
    whole_from = 0 if length == _RECORDED else recorded.candles_from(source)
    return [_together(begin, some) for begin, some in sorted(groups.items())], whole_from or 0


def _of_trades(source: str, length: int, first: int, last: int, recorded: Recorded) -> tuple[list[Candle], int]:
    gathered = Candles(length, first, last)
    gathered.add_all(counted(recorded.trades_since(source, first), source))
    oldest = recorded.trades_from(source) or 0
    return gathered.candles(), -(-oldest // NANOSECONDS)


def _together(start: int, candles: list[SeenCandle]) -> Candle:
    """Return one candle of several that follow each other."""
    if len(candles) == 1:
        one = candles[0]
        return Candle(start, one.low, one.high, one.open, one.close, one.volume)
    low = min((one.low for one in candles), key=_number)
    high = max((one.high for one in candles), key=_number)
    volume = Decimal(0)
    for one in candles:
        volume = _PRECISE.add(volume, _number(one.volume))
    return Candle(start, low, high, candles[0].open, candles[-1].close, plain_text(volume))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def _row(candle: Candle) -> dict[str, str]:
    return {
        "start": str(candle.start),
        "low": candle.low,
        "high": candle.high,
        "open": candle.open,
        "close": candle.close,
        "volume": candle.volume,
    }
