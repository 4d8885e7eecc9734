"""The books of one connection while their frames are cut to the best levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..state.top_levels import LevelUpdate, ToldLevel, TopLevels
from .arrays import with_arrays
from .frame_change import FrameChange

__all__ = ["BookTrimming", "TrimmedBooks"]


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


class BookTrimming(FrameChange):
    """
    What cuts the frames of one connection.

    An update whose book has not begun stays as it is: nothing tells which of its levels are the best.

    Args:
        levels: Levels of each side that are kept.
        zero: How the venue writes that a level is removed, as long as no frame shows it.

    """

    def __init__(self, levels: int, zero: str) -> None:
        self.missed = 0
        self.books = TrimmedBooks(levels, zero)

    def miss(self, payload: bytes) -> bytes:
        """Count a frame that should be cut and stays as it is; return it."""
        self.missed += 1
        return payload

    def with_entries(self, payload: bytes, changes: Iterable[tuple[bytes, Sequence[bytes] | None]]) -> bytes:
        """Return a frame with other entries in its arrays, as `with_arrays` does; it stays if that cannot be done."""
        changed = with_arrays(payload, changes)
        return self.miss(payload) if changed is None else changed
