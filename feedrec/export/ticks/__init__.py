"""
Tables in Parquet, one a kind, in a folder for each day and product, as Hive has them: DuckDB, Polars and Spark read it.

    ticks_sink.py    takes what is told, and writes the tables
    kinds.py         the tables, and how what is told becomes rows
    columns.py       rows in memory, and as columns of Arrow
    decimals.py      texts as decimals, exactly or not at all
    partition.py     the rows of a product and a day, and their file
    written_book.py  the book of a product as the rows say
    hive_names.py    what the folders are called
"""

from .ticks_sink import TicksSink, begin

__all__ = ["TicksSink", "begin"]
