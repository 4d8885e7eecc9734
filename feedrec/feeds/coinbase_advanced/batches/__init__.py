"""
The ticker_batch channel where only ticker was recorded.

    ticker_batch.py  the server half that makes it
    tickers.py       tickers as ticker_batch has them
"""
