"""
What frames say that cannot be true.

    frame_check.py    what a check is, and what it finds
    crossed_books.py  books whose best bid is not below their best ask
"""

from .crossed_books import CrossedBooks
from .frame_check import Finding, FrameCheck

__all__ = ["CrossedBooks", "Finding", "FrameCheck"]
