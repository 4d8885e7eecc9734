"""
The files of hftbacktest: rows of books and trades, each with the time of the exchange and that of its receipt.

Sources: `types` and the page "Data" of hftbacktest 2.4.4, and its loader and backtests, tried on what is written.

    rows.py         the layout of a row
    collecting.py   what is told of a product, made rows many at a time
    spool.py        rows that wait in a file
    sorting.py      any number of rows, sorted
    ordering.py     rows in the order of two clocks at once
    levels.py       the book that rows make up
    npz.py          a file of numpy, written row by row
    product_day.py  the rows of a product on one day
    sink.py         those of all products, day by day
"""

from __future__ import annotations

from ...errors import UsageError

try:
    import numpy  # noqa: F401, ICN001
except ImportError as error:
    raise UsageError("--to hftbacktest needs numpy: pip install 'feedrec[export]'") from error

from .sink import HftbacktestSink, begin

__all__ = ["HftbacktestSink", "begin"]
