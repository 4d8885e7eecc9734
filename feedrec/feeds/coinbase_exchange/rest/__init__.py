"""
The REST half of Coinbase Exchange: https://api.exchange.coinbase.com, and the host of the sandboxes.

No live answer was at hand. The shapes come from what the parsers of clients read (ccxt 4.5.90, coinbase-pro-node 9.1.0,
cryptofeed 2.4.1, CoPrA 1.2.9), from the pages of docs.cdp.coinbase.com ("Get product candles", "Get product book",
"Exchange REST API Pagination", "... Rate Limits"), and from answers that others show in their documentation and tests;
each says which.

    book.py              the book of a product
    candles.py           candles, made of trades, and the lines of all products
    credentials.py       how requests are refused for their credentials
    errors.py            errors, as the venue writes them
    guessed_products.py  products and currencies that no frame lists
    half.py              the half itself: paths, and who answers them
    prices.py            ticker and stats, from the last ticker
    products.py          products and currencies, from frames of status
    recorded.py          what of the venue the recordings have
    recorded_trades.py   the trades that were recorded
    shapes.py            the keys of products and currencies
    times.py             the venue's time
    trades.py            trades, page by page
"""

from __future__ import annotations

from .half import ExchangeRest

__all__ = ["ExchangeRest"]
