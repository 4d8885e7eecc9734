"""The tables, and how what is told becomes rows of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ...feeds.decoding import numbers_in
from ...feeds.market.told import BookChanges, Candle, Ticker, Trades
from ...feeds.state.book import price_key
from ..continuity import Gap
from .columns import Column, count, flag, one_of, price, size, text, time

__all__ = ["KINDS", "TABLES", "Kind", "Lists"]

Lists = Sequence[list[Any]]
"""Columns as lists, in the order of a kind's `columns`; then how many rows each event has, if a column is of events."""


class Kind(NamedTuple):
    """
    A table.

    Attributes:
        name: Its name.
        columns: Its columns, without those that are in the path: date and product.
        add: Adds to lists what is told: when it was received, what it is, and the number of such things before it, of
            its product on that day; returns how many rows that makes.

    """

    name: str
    columns: Sequence[Column]
    add: Callable[[Lists, int, Any, int], int]


def _add_changes(lists: Lists, received: int, told: BookChanges, event: int) -> int:
    if told.is_snapshot and not told.prices:
        told = BookChanges(told.product, told.time, True, [True], ["0"], ["0"])  # that there is none must be a row
    if len(told.prices) > 1:
        told = _each_once(told)
    times, local_times, events, sides, prices, sizes, are_snapshots, counts = lists
    rows = len(told.prices)
    times.append(told.time)
    local_times.append(received)
    events.append(event)
    are_snapshots.append(told.is_snapshot)
    counts.append(rows)
    sides += told.are_bids
    prices += told.prices
    sizes += told.sizes
    return rows


def _each_once(told: BookChanges) -> BookChanges:
    """Return each level as it was told last, however its price is spelled: an event's rows have no order."""
    numbers = numbers_in(told.prices)
    if numbers is not None and len(set(zip(told.are_bids, numbers, strict=True))) == len(numbers):
        return told  # as all of 10,504 frames in two captures
    last: dict[object, tuple[bool, str, str]] = {}
    for level in zip(told.are_bids, told.prices, told.sizes, strict=True):
        key = price_key(level[1])
        last[level[0], level[1] if key is None else key] = level
    are_bids, prices, sizes = map(list, zip(*last.values(), strict=True))
    return BookChanges(told.product, told.time, told.is_snapshot, are_bids, prices, sizes)


def _add_trades(lists: Lists, received: int, told: Trades, event: int) -> int:  # noqa: ARG001
    times, local_times, ids, sides, prices, sizes, are_snapshots, _ = lists
    rows = len(told.ids)
    times += told.times
    local_times += [received] * rows
    ids += told.ids
    sides += told.are_buys
    prices += told.prices
    sizes += told.sizes
    are_snapshots += [told.is_snapshot] * rows
    return rows


def _add_row(lists: Lists, *row: object) -> int:
    for values, one in zip(lists, row, strict=False):
        values.append(one)
    return 1


def _add_ticker(lists: Lists, received: int, told: Ticker, event: int) -> int:  # noqa: ARG001
    prices = told.price, told.best_bid, told.best_ask, told.low_24h, told.high_24h
    sizes = told.best_bid_size, told.best_ask_size, told.volume_24h
    return _add_row(lists, told.time, received, *prices, *sizes, told.is_snapshot)


def _add_candle(lists: Lists, received: int, told: Candle, event: int) -> int:  # noqa: ARG001
    span = told.start, told.start + told.length
    values = told.open, told.high, told.low, told.close, told.volume
    return _add_row(lists, told.time, received, *span, *values, told.is_snapshot)


def _of_events(*columns: Column) -> tuple[Column, ...]:
    return tuple(column._replace(is_of_events=True) for column in columns)


def _add_gap(lists: Lists, received: int, told: Gap, event: int) -> int:  # noqa: ARG001
    return _add_row(lists, received, told.of, told.reason, told.start, told.end)


_TIMES = (time("time"), time("local_time"))
_IS_SNAPSHOT = flag("is_snapshot")
_OF_TICKERS = (
    *(price(name, may_lack=True) for name in ("price", "best_bid", "best_ask", "low_24h", "high_24h")),
    *(size(name, may_lack=True) for name in ("best_bid_size", "best_ask_size", "volume_24h")),
)
_OF_CANDLES = (*map(price, ("open", "high", "low", "close")), size("volume"))
_SPAN = (time("start_time"), time("end_time"))  # `end` is a word of SQL

KINDS: dict[type, Kind] = {
    BookChanges: Kind(
        "book_changes",
        (
            *_of_events(*_TIMES, count("event")),
            *(one_of("side", true="bid", false="ask"), price("price"), size("size")),
            *_of_events(_IS_SNAPSHOT),
        ),
        _add_changes,
    ),
    Trades: Kind(
        "trades",
        (
            *(*_TIMES, text("id")),
            *(one_of("side", true="buy", false="sell"), price("price"), size("size"), _IS_SNAPSHOT),
        ),
        _add_trades,
    ),
    Ticker: Kind("tickers", (*_TIMES, *_OF_TICKERS, _IS_SNAPSHOT), _add_ticker),
    Candle: Kind("candles", (*_TIMES, *_SPAN, *_OF_CANDLES, _IS_SNAPSHOT), _add_candle),
    Gap: Kind(
        "gaps",
        (time("local_time"), text("missing", is_repeated=True), text("reason", is_repeated=True), *_SPAN),
        _add_gap,
    ),
}
"""What becomes of each thing that is told."""

TABLES = tuple(kind.name for kind in KINDS.values())
"""The names of the tables."""
