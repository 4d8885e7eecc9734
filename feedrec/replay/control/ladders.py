"""The ladder of a book, as of now, for whoever looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["LadderSource"]


class LadderSource(Protocol):
    """What knows the books of a replay."""

    async def ladder(self, product: str) -> Mapping[str, object]:
        """
        Return what is known of the book of a product now, as JSON can have it; also of a product that there is not.

        It is asked at most ten times a second in all, for one product after another.
        """
