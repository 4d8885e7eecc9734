"""
The REST half of Advanced Trade: api.coinbase.com, for both endpoints.

No live answer was at hand. Each module names the parsers of clients, and the answers in other projects' tests, that its
shapes are from.

    half.py            which path is answered by what
    credentials.py     who may ask for what is not public
    parameters.py      the parameters of a request
    errors.py          how the venue says what is wrong
    recorded.py        what the recorded frames tell
    products.py        the products, listed or guessed
    product_fields.py  the fields of a product
    book.py            books, and the best prices
    trades.py          the last trades
    candles.py         candles, of the channel or of trades
    fees.py            the fees of an account
    track.py           currencies, exchange rates and time from `/v2` on
"""

from __future__ import annotations

from .half import AdvancedRest

__all__ = ["AdvancedRest"]
