"""The books of one connection while their frames are cut to the best levels."""

from __future__ import annotations

from collections.abc import Sequence

from ..state.top_levels import LevelUpdate, ToldLevel, TopLevels

__all__ = ["TrimmedBooks"]


class TrimmedBooks:
    """
    The books by product.

    Args:
        levels: Levels of each side that a client is to see.
        zero: How the venue writes that a level is removed, as long as no frame shows it.

    Attributes:
        zero: How it wrote that last.

    """

    def __init__(self, levels: int, zero: str) -> None:
        self.zero = zero
        self._levels = levels
        self._books: dict[str, TopLevels] = {}

    def __contains__(self, product: str) -> bool:
        return product in self._books

    def begin(self, product: str, levels: Sequence[LevelUpdate]) -> list[int]:
        """Begin a book with its snapshot; return the places of the levels to keep, see `TopLevels.begin`."""
        book = self._books[product] = TopLevels(self._levels)
        return book.begin(levels)

    def change(self, product: str, updates: Sequence[LevelUpdate]) -> list[ToldLevel] | None:
        """Change a book that has begun; see `TopLevels.change`."""
        for _, _, quantity in updates:
            if quantity[:1] == "0" and not quantity.strip("0."):
                self.zero = quantity
                break
        return self._books[product].change(updates)
