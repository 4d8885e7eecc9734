"""
The CSV datasets of tardis.dev, which its users' tools and nautilus_trader read.

Sources: the pages "Data Types", "API Reference" and "FAQ" of docs.tardis.dev (November 2026), and nautilus_trader
1.221.0, whose `TardisCSVDataLoader` was tried on what is written here.

    layouts.py        names and columns of the files
    plain.py          numbers and names as they may stand in a cell
    best_book.py      the book of a product, of which the best 25 levels are told
    row_file.py       a compressed file that grows by rows
    product_files.py  the files of a product, day by day
    sink.py           those of all products, and the gaps
"""

from .sink import TardisSink, begin

__all__ = ["TardisSink", "begin"]
