"""What the frames of Advanced Trade tell, for answers: each channel as its snapshot has it, see `MarketState`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ....model import NANOSECONDS, parse_time
from ...decoding import decoder_of, whole_number
from ...rest.half import Market
from ...venue import Key
from ..channels import STATUS, TICKER, TICKER_BATCH
from ..market.shapes import CandleItem as SeenCandle
from ..market.shapes import TickerItem as Ticker
from ..market.shapes import TradeItem as SeenTrade

__all__ = [
    "CANDLES",
    "LEVEL2",
    "TRADES",
    "Event",
    "Level",
    "Recorded",
    "SeenCandle",
    "SeenTrade",
    "Status",
    "Ticker",
    "nanoseconds_of",
    "other_book_of",
]

LEVEL2 = "level2"
TRADES = "market_trades"
CANDLES = "candles"

_OF_MARKET = (TICKER, TICKER_BATCH, LEVEL2, TRADES, CANDLES)
"""The channels that name products of which there can be answers."""

_OWN_BOOKS = ("USDT-USDC", "EURC-USDC")
"""Products of USDC whose data does not come under the `-USD` id (docs.cdp.coinbase.com, "WebSocket overview")."""

_LATE = 10 * NANOSECONDS
"""So far can the clocks of the recorder and of the venue be apart; a frame that comes late tells of what was before."""


class Status(msgspec.Struct, gc=False):
    """A product as `status` lists it."""

    id: str
    product_type: str = ""
    base_currency: str = ""
    quote_currency: str = ""
    base_increment: str = ""
    quote_increment: str = ""
    display_name: str = ""
    status: str = ""
    min_market_funds: str = ""


class Level(msgspec.Struct, gc=False):
    """A level of a book."""

    side: str
    price_level: str
    new_quantity: str
    event_time: str = ""


class Event(msgspec.Struct, gc=False):
    """What a frame has: one of these lists."""

    tickers: list[Ticker] = []
    trades: list[SeenTrade] = []
    candles: list[SeenCandle] = []
    products: list[Status] = []
    updates: list[Level] = []


class _Frame(msgspec.Struct, gc=False):
    events: list[Event] = []


_decode = decoder_of(_Frame)


def other_book_of(product: str) -> str:
    """Return the `-USD` product whose book and data a `-USDC` product has; empty for one that has its own."""
    return product.removesuffix("C") if product.endswith("-USDC") and product not in _OWN_BOOKS else ""


def nanoseconds_of(time: str) -> int | None:
    """Return a time that a frame has in nanoseconds since 1970; None if it is none."""
    try:
        return parse_time(time)
    except ValueError:
        return None


class Recorded:
    """
    What a market tells of the channels of Advanced Trade, read once.

    Args:
        market: What to read.

    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._read: dict[Key, bytes | None] = {}
        self._products = frozenset(one for name in _OF_MARKET for one in market.catalogue.get(name, ()) if one)

    @property
    def time(self) -> int:
        """The venue's time, in nanoseconds."""
        return self._market.time

    def products(self) -> list[str]:
        """Return the products of which anything but `status` was recorded, in alphabetical order."""
        return sorted(self._products)

    def has(self, channel: str, product: str) -> bool:
        """Tell whether a channel was recorded for a product."""
        return product in self._market.catalogue.get(channel, ())

    def source_of(self, product: str) -> str:
        """Return the product under which the data of one comes."""
        other = other_book_of(product)
        return other if product not in self._products and other in self._products else product

    def read(self, channels: Iterable[str], products: Iterable[str]) -> None:
        """Read what was recorded of some channels of some products together, as it will be needed."""
        names = tuple(channels)
        keys = [(name, one) for one in products for name in names if self.has(name, one)]
        new = [key for key in keys if key not in self._read]
        if new:
            self._read.update(self._market.snapshots(new))

    def ticker(self, product: str) -> Ticker | None:
        """Return the last ticker of a product, one of `ticker_batch` if there is no other; None if there is none."""
        found = (
            one for name in (TICKER, TICKER_BATCH) for event in self._events(name, product) for one in event.tickers
        )
        return next(found, None)

    def trades(self, product: str) -> list[SeenTrade]:
        """Return the last 100 trades of a product, the newest first."""
        return [one for event in self._events(TRADES, product) for one in event.trades]

    def trades_since(self, product: str, start: int) -> Iterator[SeenTrade]:
        """Yield the trades of a product that came from a time in seconds on, and those of `trades`; some repeatedly."""
        yield from self.trades(product)
        for event in self._events_since(TRADES, product, start):
            yield from event.trades

    def trades_from(self, product: str) -> int | None:
        """Return the time in nanoseconds of the oldest trade that the first frame tells; None if there is none."""
        events = self._first_events(TRADES, product) or self._events(TRADES, product)
        times = [nanoseconds_of(one.time) for event in events for one in event.trades]
        return min((time for time in times if time is not None), default=None)

    def last_candles(self, product: str) -> list[SeenCandle]:
        """Return the last 100 candles of a product, the oldest first."""
        return [one for event in self._events(CANDLES, product) for one in event.candles if _begins(one)]

    def candles_since(self, product: str, start: int) -> list[SeenCandle]:
        """Return the candles that begin from a time in seconds on, the oldest first, each as it was last."""
        last = self.last_candles(product)
        if not last or int(last[0].start) > start:
            earlier = (one for event in self._events_since(CANDLES, product, start) for one in event.candles)
            last = [*(one for one in earlier if one.product_id == product and _begins(one)), *last]
        by_start = {int(one.start): one for one in last}
        return [candle for begin, candle in sorted(by_start.items()) if begin >= start]

    def candles_from(self, product: str) -> int | None:
        """Return when the oldest candle that the first frame tells begins, in seconds; None if there is none."""
        events = self._first_events(CANDLES, product) or self._events(CANDLES, product)
        return min((int(one.start) for event in events for one in event.candles if _begins(one)), default=None)

    def book(self, product: str) -> list[Level]:
        """Return the levels of a product's book: bids, then asks, the best first."""
        return [one for event in self._events(LEVEL2, product) for one in event.updates]

    def status(self, product: str = "") -> list[Status]:
        """Return what `status` lists, as it lists it: of one product, or of all."""
        if STATUS not in self._market.catalogue:
            return []
        return [one for event in self._snapshot_of(STATUS, product) for one in event.products]

    def _events(self, channel: str, product: str) -> list[Event]:
        return self._snapshot_of(channel, product) if self.has(channel, product) else []

    def _snapshot_of(self, channel: str, product: str) -> list[Event]:
        key = (channel, product)
        if key not in self._read:
            self._read[key] = self._market.snapshot(*key)
        payload = self._read[key]
        frame = None if payload is None else _decode(payload)
        return [] if frame is None else frame.events

    def _first_events(self, channel: str, product: str) -> list[Event]:
        return next(([event] for event in self._events_since(channel, product, 0)), [])

    def _events_since(self, channel: str, product: str, start: int) -> Iterator[Event]:
        if not self.has(channel, product):
            return
        for one in self._market.frames(channel, product, max(start * NANOSECONDS - _LATE, 0)):
            frame = _decode(one.payload)
            if frame is not None:
                yield from frame.events


def _begins(candle: SeenCandle) -> bool:
    """Tell whether it is said when a candle begins."""
    return whole_number(candle.start) is not None
