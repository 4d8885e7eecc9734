"""The last trades of a product before a moment, and its last price."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import msgspec

from ....errors import LineError
from ....feeds.market import MarketReader, Ticker, Trades, market_reader_of
from ....formats.line.codec import decode_line
from ....model import Frame
from ..frames.keys import Key, key_at
from ..frames.line_places import back_from
from ..frames.wanted import Wanted
from ..parameters import MILLISECOND
from ..recordings import PageFile, PageRecordings

__all__ = ["Trade", "TradesTold", "last_trades"]


class Trade(msgspec.Struct):
    """
    A trade.

    Attributes:
        ms: When it was received, in milliseconds since the start.
        price: Its price, as the venue wrote it.
        size: Its size, likewise.
        side: `buy` or `sell`: what the taker did.

    """

    ms: float
    price: str
    size: str
    side: str


class TradesTold(msgspec.Struct):
    """
    The last trades.

    Attributes:
        trades: The trades, the last one first.
        last: The last price that a trade or a ticker told; None if none was found.
        scanned_all: Whether as many were found as were asked for, or no more are there; else there was no time.

    """

    trades: list[Trade]
    last: str | None
    scanned_all: bool


def last_trades(
    recordings: PageRecordings, endpoint: str, product: str, time: int, count: int, is_over: Callable[[], bool]
) -> TradesTold:
    """
    Return the last trades of a product that were received before a wall time.

    Args:
        recordings: The recordings.
        endpoint: The endpoint.
        product: The product.
        time: The time, in nanoseconds.
        count: How many.
        is_over: Whether to stop looking.

    Raises:
        RecordingError: If a recording cannot be read.

    """
    told = TradesTold([], None, True)
    seen: set[str] = set()
    end = key_at(time)
    files = [file for file in recordings.of_endpoint(endpoint) if (file.first or 0) < time]
    for file in sorted(files, key=lambda one: one.first or 0, reverse=True):
        reader = market_reader_of(file.feed)
        if reader is None:
            continue
        for told_then in _told_back(recordings, file, reader, product, end, is_over):
            if told_then is None:
                told.scanned_all = False
                return told
            received, trades = told_then
            if isinstance(trades, Ticker):
                told.last = told.last or trades.price or None
                continue
            ms = (received - recordings.origin) / MILLISECOND
            for number in reversed(range(len(trades.ids))):
                if trades.ids[number] not in seen and len(told.trades) < count:
                    seen.add(trades.ids[number])
                    side = "buy" if trades.are_buys[number] else "sell"
                    told.trades.append(Trade(ms, trades.prices[number], trades.sizes[number], side))
            told.last = told.last or (told.trades[0].price if told.trades else None)
            if len(told.trades) >= count:
                return told
    return told


def _told_back(
    recordings: PageRecordings,
    file: PageFile,
    reader: MarketReader,
    product: str,
    end: Key,
    is_over: Callable[[], bool],
) -> Iterator[tuple[int, Trades | Ticker] | None]:
    """Yield what frames tell of a product, the last one first; None if there is no more time."""
    for found in back_from(file, lambda: recordings.reader_of(file), end, Wanted(product=product)):
        if found.line is not None:
            with contextlib.suppress(LineError):
                frame = decode_line(found.line)
                if isinstance(frame, Frame) and frame.direction == "in" and not frame.binary:
                    yield from ((frame.time, one) for one in _told(file, reader, product, frame))
        if is_over():
            yield None
            return


def _told(file: PageFile, reader: MarketReader, product: str, frame: Frame) -> list[Trades | Ticker]:
    info = file.feed.describe(frame.payload)
    if info.channel == reader.book_channel or product not in info.products:
        return []
    told = reader.read(info, frame.payload) or ()
    its = [one for one in told if isinstance(one, Trades | Ticker) and one.product == product]
    return its[::-1]
