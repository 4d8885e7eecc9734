"""
What a bot does with ccxt.pro, on one object: markets, what there is now, and the book as it goes on.

    python ccxt_both_halves.py VENUE SYMBOL SINCE LAST BOOK

It asks for the book beside watching it, until the last trade is LAST and the book is that of the file BOOK. Prints, as
JSON, what it was told.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import ccxt.pro

KEY = {"apiKey": "any", "secret": "YW55", "password": "any"}
"""Exchange tells books to those who sign only; at the other venue all this is public."""

Levels = list[list[float]]


def levels(book: dict[str, Any]) -> list[Levels]:
    """Copy bids and asks: what is watched changes in place."""
    return [[row[:2] for row in book[side]] for side in ("bids", "asks")]


async def ask(venue: Any, symbol: str, since: int) -> dict[str, Any]:
    """Ask for everything once."""
    return {
        "time": await venue.fetch_time(),
        "ticker": await venue.fetch_ticker(symbol),
        "book": levels(await venue.fetch_order_book(symbol)),
        "trades": await venue.fetch_trades(symbol),
        "candles": await venue.fetch_ohlcv(symbol, "1m", since, 10),
    }


async def watch(venue: Any, symbol: str, last: str, final: list[Levels]) -> list[list[list[Levels]]]:
    """Watch the book, and ask for it, until the market has come to its end; give what was seen, in pairs."""
    pairs = []
    book = await venue.watch_order_book(symbol)
    while True:
        seen = levels(book)
        told = levels(await venue.fetch_order_book(symbol))
        pairs.append([seen, told])
        if told == final and (await venue.fetch_trades(symbol))[-1]["id"] == last:
            return pairs


async def main(name: str, symbol: str, since: str, last: str, path: str) -> None:
    venue = getattr(ccxt.pro, name)(KEY if name == "coinbaseexchange" else {})
    urls = venue.urls["api"]
    urls["ws"] = os.environ["FEEDREC_URL"]
    urls["rest" if "rest" in urls else "public"] = os.environ["FEEDREC_REST_URL"]
    try:
        told: dict[str, Any] = {"markets": await venue.load_markets(), "currencies": sorted(venue.currencies)}
        told["first"] = await ask(venue, symbol, int(since))
        told["pairs"] = await watch(venue, symbol, last, json.loads(Path(path).read_text()))
        told["last"] = await ask(venue, symbol, int(since))
    finally:
        await venue.close()
    print(json.dumps(told))


asyncio.run(main(*sys.argv[1:]))
