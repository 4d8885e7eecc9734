"""
Make the recording that `feedrec demo` replays: half a minute of Coinbase Advanced Trade, generated from a fixed seed.

Its frames have the shape of the venue's frames in 2026; its prices are a random walk. All numbers are integers (cents,
hundred-millionths, nanoseconds), so every machine makes the same lines. Run it from the root of the checkout:

    python scripts/make_demo_recording.py [PATH]
"""

from __future__ import annotations

import dataclasses
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from feedrec.feeds import Subscription, find_feed
from feedrec.formats.line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Direction, Event, Frame, Header, format_time, parse_time

TARGET = Path(__file__).parents[1] / "feedrec" / "cli" / "demo.jsonl.zst"
SEED = 20261121

MICROSECONDS, MILLISECONDS = 1_000, 1_000_000
START = parse_time("2026-11-21T17:02:00Z")
OPENED = START + 127_481_903
SUBSCRIBED = OPENED + 61 * MILLISECONDS
CLOSED = OPENED + 30 * NANOSECONDS + 214_503_377
SERVER_STARTED = START - 58_113 * NANOSECONDS - 731_046_229  # the start of `m=+` in heartbeats
BUCKET = 300 * NANOSECONDS  # of candles
LEVELS = 150
SNAPSHOT_TRADES = SNAPSHOT_CANDLES = 100

Side = Literal["bid", "offer"]
SIDES: tuple[Side, Side] = ("bid", "offer")
OUTWARD = {"bid": -1, "offer": 1}


def trimmed(value: int, places: int) -> str:
    """Format a fixed-point number like the venue: without trailing zeros, and `83261` without a decimal point."""
    whole, fraction = divmod(abs(value), 10**places)
    decimals = f"{fraction:0{places}d}".rstrip("0")
    return f"{'-' if value < 0 else ''}{whole}{'.' if decimals else ''}{decimals}"


def go_time(nanoseconds: int) -> str:
    """Format a time like Go's RFC3339Nano: trailing zeros of the fraction trimmed."""
    return format_time(nanoseconds)[:-1].rstrip("0").rstrip(".") + "Z"


@dataclasses.dataclass(frozen=True)
class Product:
    """A product before the recording starts: prices in cents, quantities in hundred-millionths."""

    name: str
    price: int
    step: int
    lot: int
    trade_percent: int
    trade_id: int
    volume: int
    open_24_h: int
    low_24_h: int
    high_24_h: int
    low_52_w: int
    high_52_w: int


PRODUCTS = (
    Product("BTC-USD", 9137418, 6, 1, 13, 1204417306, 418359210744, 9090255, 9041001, 9198800, 6120790, 12864000),
    Product("ETH-USD", 311842, 1, 12, 9, 918305772, 6140277093518, 314007, 308730, 316155, 160400, 502180),
)


class Book:
    """
    The order book of a product: a random walk, never crossed.

    Attributes:
        levels: Per side, the quantity at each price.
        changed: Levels whose quantity changed since the last update.

    """

    def __init__(self, product: Product, draw: random.Random) -> None:
        self.levels: dict[Side, dict[int, int]] = {"bid": {}, "offer": {}}
        self.changed: set[tuple[Side, int]] = set()
        self._draw = draw
        self._product = product
        self._rising = True
        for side, best in zip(SIDES, (product.price, product.price + 1), strict=True):
            price = best
            for depth in range(LEVELS):
                self._put(side, price, self._quantity())
                price += OUTWARD[side] * (1 + draw.randrange(2 + depth * product.step))
        self.changed.clear()

    def best(self, side: Side) -> int:
        """Return the best price of a side."""
        return max(self.levels["bid"]) if side == "bid" else min(self.levels["offer"])

    def sorted_levels(self, side: Side) -> list[int]:
        """Return the prices of a side, best first."""
        return sorted(self.levels[side], reverse=side == "bid")

    def walk(self) -> None:
        """Add, change and remove levels, as market makers would."""
        if self._draw.randrange(40) == 0:
            self._rising = not self._rising
        for _ in range(1 + self._draw.randrange(5)):
            side = SIDES[self._draw.randrange(2)]
            prices = self.sorted_levels(side)
            price = prices[min(self._draw.randrange(12), self._draw.randrange(70))]
            what = self._draw.randrange(100)
            if what < 60:
                self._put(side, price, self._quantity())
            elif what < 85:
                self._put(
                    side, price + OUTWARD[side] * (1 + self._draw.randrange(5 * self._product.step)), self._quantity()
                )
            else:
                self._put(side, price, 0)
        self._narrow_spread()
        for side in SIDES:
            self._keep_depth(side)

    def trade(self) -> tuple[Side, int, int]:
        """Lift the best offer or hit the best bid; return the maker's side, the price and the size."""
        with_the_trend = self._draw.randrange(100) < 68
        side: Side = "offer" if self._rising == with_the_trend else "bid"
        price = self.best(side)
        available = self.levels[side][price]
        size = min(available, self._quantity())
        self._put(side, price, available - size)
        self._keep_depth(side)
        return side, price, size

    def _narrow_spread(self) -> None:
        bid, offer = self.best("bid"), self.best("offer")
        if offer - bid > 1 + self._draw.randrange(8 * self._product.step):
            inside = 1 + self._draw.randrange(offer - bid - 1)
            self._put("bid" if self._rising else "offer", bid + inside, self._quantity())

    def _keep_depth(self, side: Side) -> None:
        prices = self.sorted_levels(side)
        if len(prices) > LEVELS:
            self._put(side, prices[-1], 0)
        elif len(prices) < LEVELS:
            self._put(
                side, prices[-1] + OUTWARD[side] * (1 + self._draw.randrange(80 * self._product.step)), self._quantity()
            )

    def _put(self, side: Side, price: int, quantity: int) -> None:
        if quantity:
            self.levels[side][price] = quantity
        else:
            del self.levels[side][price]
        self.changed.add((side, price))

    def _quantity(self) -> int:
        quantity = (1 + self._draw.randrange(10 ** (5 + self._draw.randrange(4)))) * self._product.lot
        return quantity if self._draw.randrange(4) else -(-quantity // 100_000) * 100_000


class Market:
    """A product's book, trades and candles."""

    def __init__(self, product: Product, draw: random.Random) -> None:
        self.product = product
        self.book = Book(product, draw)
        self.volume = product.volume
        self.trade_id = product.trade_id
        self.unsent_trades: list[dict[str, str]] = []
        self.unsent_candle = False
        self._traded_at = START
        self.last_ticker: dict[str, str] = {}
        self._draw = draw
        self.opening_trades = [self._past_trade(age) for age in range(SNAPSHOT_TRADES)]
        self.trade_id += 1
        self.price = product.price
        self._candles = self._past_candles()

    def _past_trade(self, age: int) -> dict[str, str]:
        price = self.product.price + (self._draw.randrange(9 * age + 1) - 4 * age) * self.product.step // 6
        size = 1 + self._draw.randrange(10 ** (6 + self._draw.randrange(3))) * self.product.lot
        moment = START - age * 613 * MILLISECONDS - self._draw.randrange(600_000) * MICROSECONDS
        side: Side = "bid" if age == 0 or self._draw.randrange(2) else "offer"
        return self._trade_row(self.trade_id - age, price, size, moment, side)

    def _past_candles(self) -> list[list[int]]:
        """Generate start, high, low, open, close and volume of past buckets, walking back from the current price."""
        candles = []
        close = self.price
        for age in range(SNAPSHOT_CANDLES):
            width = 60 * self.product.step
            opened = close + self._draw.randrange(2 * width + 1) - width
            high = max(opened, close) + self._draw.randrange(width)
            low = min(opened, close) - self._draw.randrange(width)
            volume = (1 + self._draw.randrange(30 * 10**8)) * self.product.lot
            candles.append([START // BUCKET * BUCKET - age * BUCKET, high, low, opened, close, volume])
            close = opened
        return candles[::-1]

    def trade(self, moment: int) -> None:
        """Trade once, at the best price in the book."""
        side, price, size = self.book.trade()
        moment = self._traded_at = max(moment, self._traded_at + 7 * MICROSECONDS)
        self.unsent_trades.insert(0, self._trade_row(self.trade_id, price, size, moment, side))
        self.trade_id += 1
        self.price = price
        self.volume += size
        candle = self._candles[-1]
        candle[1:] = [max(candle[1], price), min(candle[2], price), candle[3], price, candle[5] + size]
        self.unsent_candle = True

    def _trade_row(self, number: int, price: int, size: int, moment: int, side: Side) -> dict[str, str]:
        return {
            "product_id": self.product.name,
            "trade_id": str(number),
            "price": trimmed(price, 2),
            "size": trimmed(size, 8),
            "time": go_time(moment // MICROSECONDS * MICROSECONDS),
            "side": "BUY" if side == "bid" else "SELL",
        }

    def candles(self, count: int) -> list[dict[str, str]]:
        """Return the last candles, oldest first."""
        return [
            {
                "start": str(start // NANOSECONDS),
                "high": trimmed(high, 2),
                "low": trimmed(low, 2),
                "open": trimmed(opened, 2),
                "close": trimmed(close, 2),
                "volume": trimmed(volume, 8),
                "product_id": self.product.name,
            }
            for start, high, low, opened, close, volume in self._candles[-count:]
        ]

    def ticker(self) -> dict[str, str]:
        """Return the current ticker."""
        product, book = self.product, self.book
        bid, offer = book.best("bid"), book.best("offer")
        change = (self.price - product.open_24_h) * 10**16 // product.open_24_h
        return {
            "type": "ticker",
            "product_id": product.name,
            "price": trimmed(self.price, 2),
            "volume_24_h": trimmed(self.volume, 8),
            "low_24_h": trimmed(product.low_24_h, 2),
            "high_24_h": trimmed(product.high_24_h, 2),
            "low_52_w": trimmed(product.low_52_w, 2),
            "high_52_w": trimmed(product.high_52_w, 2),
            "price_percent_chg_24_h": trimmed(change, 14),
            "best_bid": trimmed(bid, 2),
            "best_ask": trimmed(offer, 2),
            "best_bid_quantity": trimmed(book.levels["bid"][bid], 8),
            "best_ask_quantity": trimmed(book.levels["offer"][offer], 8),
        }

    def level_rows(self, moment: int, levels: list[tuple[Side, int]]) -> list[dict[str, str]]:
        """Return levels as the venue's `updates`; a removed level has quantity 0."""
        event_time = go_time(moment // MICROSECONDS * MICROSECONDS)
        return [
            {
                "side": side,
                "event_time": event_time,
                "price_level": trimmed(price, 2),
                "new_quantity": trimmed(self.book.levels[side].get(price, 0), 8),
            }
            for side, price in levels
        ]


class Venue:
    """The venue's end of the connection: numbers and timestamps its frames; `frames` has them as they arrive."""

    def __init__(self, draw: random.Random) -> None:
        self.frames: list[Frame] = []
        self._draw = draw
        self._markets = {product.name: Market(product, draw) for product in PRODUCTS}
        self._subscribed: dict[str, list[str]] = {}
        self._stamp = self._arrival = 0

    def run(self, subscriptions: list[Subscription]) -> None:
        """Answer the subscriptions one after another, and send their data until the end."""
        for time, _, what, name in sorted(self._schedule(subscriptions)):
            getattr(self, f"_send_{what}")(time, name)

    def _schedule(self, subscriptions: list[Subscription]) -> Iterator[tuple[int, int, str, str]]:
        """Yield what is due when; items due at the same time keep the order in which they are yielded."""
        for number, subscription in enumerate(subscriptions):
            asked = SUBSCRIBED + number * 37 * MILLISECONDS
            for product in subscription.products:
                yield asked, number, f"{subscription.channel}_snapshot", product
            yield asked + 10 * MILLISECONDS, number, "ack", subscription.channel
        for number, name in enumerate(self._markets):
            offset = SUBSCRIBED + (11 + 17 * number) * MILLISECONDS
            yield from self._beats(offset, 50, 4, "level2_update", name)
            yield from self._beats(offset + 300 * MILLISECONDS, 250, 3, "ticker_update", name)
            yield from self._beats(offset + 320 * MILLISECONDS, 250, 6, "market_trades_update", name)
            yield from self._beats(offset + 2900 * MILLISECONDS, 5000, 20, "candles_update", name)
        yield from self._beats(SERVER_STARTED + 58_115 * NANOSECONDS - 740 * MILLISECONDS, 1000, 2, "heartbeat", "")

    def _beats(self, start: int, every: int, jitter: int, what: str, name: str) -> Iterator[tuple[int, int, str, str]]:
        """Yield times `every` milliseconds apart, give or take `jitter`."""
        last = CLOSED - 20 * MILLISECONDS
        for due in range(start + every * MILLISECONDS, last - jitter * MILLISECONDS, every * MILLISECONDS):
            yield due + self._draw.randrange(2 * jitter * MILLISECONDS) - jitter * MILLISECONDS, 9, what, name

    def _send(self, time: int, channel: str, event: dict[str, Any]) -> None:
        self._stamp = max(time, self._stamp + 8_000 + self._draw.randrange(60_000))
        self._arrival = max(self._stamp + 7 * MILLISECONDS + self._draw.randrange(4 * MILLISECONDS), self._arrival)
        fields = {
            "channel": channel,
            "timestamp": go_time(self._stamp),
            "sequence_num": len(self.frames),
            "events": [event],
        }
        self.frames.append(Frame(self._arrival, 0, msgspec.json.encode(fields)))

    def _send_ack(self, time: int, channel: str) -> None:
        self._subscribed[channel] = [channel] if channel == "heartbeats" else list(self._markets)
        self._send(time, "subscriptions", {"subscriptions": dict(sorted(self._subscribed.items()))})

    def _send_heartbeat(self, time: int, _: str) -> None:
        second = format_time(time)[:19].replace("T", " ")
        fraction = trimmed(time % NANOSECONDS, 9)[1:]
        uptime = time - SERVER_STARTED
        clock = f"{second}{fraction} +0000 UTC m=+{uptime // NANOSECONDS}.{uptime % NANOSECONDS:09d}"
        stamp = time + MILLISECONDS + self._draw.randrange(MILLISECONDS)
        self._send(stamp, "heartbeats", {"current_time": clock, "heartbeat_counter": uptime // NANOSECONDS})

    def _send_level2_snapshot(self, time: int, name: str) -> None:
        market = self._markets[name]
        levels = [(side, price) for side in SIDES for price in market.book.sorted_levels(side)]
        self._send_levels(time, market, "snapshot", levels)

    def _send_level2_update(self, time: int, name: str) -> None:
        market = self._markets[name]
        market.book.walk()
        while self._draw.randrange(100) < market.product.trade_percent:
            market.trade(time - self._draw.randrange(20_000, 40_000) * MICROSECONDS)
        changed = sorted(market.book.changed, key=lambda level: (level[0], OUTWARD[level[0]] * level[1]))
        market.book.changed.clear()
        self._send_levels(time, market, "update", changed)

    def _send_levels(self, time: int, market: Market, kind: str, levels: list[tuple[Side, int]]) -> None:
        rows = market.level_rows(time - self._draw.randrange(9_000, 19_000) * MICROSECONDS, levels)
        self._send(time, "l2_data", {"type": kind, "product_id": market.product.name, "updates": rows})

    def _send_ticker_snapshot(self, time: int, name: str, kind: str = "snapshot") -> None:
        market = self._markets[name]
        ticker = market.ticker()
        if ticker != market.last_ticker:
            market.last_ticker = ticker
            self._send(time, "ticker", {"type": kind, "tickers": [ticker]})

    def _send_ticker_update(self, time: int, name: str) -> None:
        self._send_ticker_snapshot(time, name, "update")

    def _send_market_trades_snapshot(self, time: int, name: str) -> None:
        self._send(time, "market_trades", {"type": "snapshot", "trades": self._markets[name].opening_trades})

    def _send_market_trades_update(self, time: int, name: str) -> None:
        market = self._markets[name]
        if market.unsent_trades:
            self._send(time, "market_trades", {"type": "update", "trades": market.unsent_trades})
            market.unsent_trades = []

    def _send_candles_snapshot(self, time: int, name: str) -> None:
        candles = self._markets[name].candles(SNAPSHOT_CANDLES)
        self._send(time, "candles", {"type": "snapshot", "candles": candles})

    def _send_candles_update(self, time: int, name: str) -> None:
        market = self._markets[name]
        if market.unsent_candle:
            market.unsent_candle = False
            self._send(time, "candles", {"type": "update", "candles": market.candles(1)})


def make_lines() -> list[bytes]:
    """Make the lines of the recording."""
    feed = find_feed("coinbase-advanced")
    names = tuple(product.name for product in PRODUCTS)
    channels = ("level2", "ticker", "market_trades", "candles")
    subscriptions = [*(Subscription(channel, names) for channel in channels), Subscription("heartbeats")]
    asked_for = [subscription.as_dict() for subscription in subscriptions]
    header = Header(feed.name, feed.url, START, "feedrec demo", asked_for)
    out: Direction = "out"
    messages = [
        Frame(OPENED + number * 83_117, 0, message.payload, out)
        for number, message in enumerate(feed.client(subscriptions).on_open(0), start=1)
    ]
    venue = Venue(random.Random(SEED))
    venue.run(subscriptions)
    return [
        encode_header(header),
        encode_event(Event(OPENED, 0, "open", {"url": feed.url})),
        *(encode_frame(frame) for frame in (*messages, *venue.frames)),
        encode_event(Event(CLOSED, 0, "close", {"code": 1000, "reason": ""})),
    ]


def main() -> None:
    """Write the recording."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    # Not with create_recording: its blocks depend on the speed of the machine.
    encoder = BlockEncoder(level=19)
    header, *lines = make_lines()
    describe = find_feed(decode_header(header).endpoint).describe
    marks = [
        mark_of(record, describe(record.payload) if isinstance(record, Frame) else None)
        for record in map(decode_line, lines)
    ]
    path.write_bytes(encoder.begin(header) + encoder.add(lines, marks) + encoder.finish())
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
