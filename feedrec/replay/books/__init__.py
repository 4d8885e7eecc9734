"""
Order books as of any moment of recordings.

    moments.py      the book as of a moment, and as of one moment after another
    following.py    the same as moments come, earlier ones among them
    book_at.py      how it is told
    sources.py      what it is read from: recordings of one endpoint, and a product of these
    indexed.py      by the indexes, from the nearest snapshot or checkpoint, and whether it is known there
    read_through.py by all lines from a snapshot on, where indexes do not tell enough, and for what follows
    first_place.py  where that snapshot is
    best_levels.py  the best levels of a book, again and again
    standing.py     whether the book is known: a rule for events and frames
"""

from .moments import BookAt, book_at, books_every
from .standing import Unknown

__all__ = ["BookAt", "Unknown", "book_at", "books_every"]
