"""
What frames tell of the market, in one form for all venues.

    told.py    changes of books, trades, tickers, candles
    reader.py  what reads them from frames
"""

from .reader import MarketReader, market_reader_of
from .told import BookChanges, Candle, Ticker, Told, Trades

__all__ = ["BookChanges", "Candle", "MarketReader", "Ticker", "Told", "Trades", "market_reader_of"]
