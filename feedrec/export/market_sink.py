"""What takes what recordings tell of the market, and writes it as files of another format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from ..feeds.market.told import Told
from .continuity import BookLost, Gap

__all__ = ["ExportedFile", "MarketSink"]


class ExportedFile(msgspec.Struct, frozen=True):
    """
    A file that was written.

    Attributes:
        path: Where it is.
        rows: Rows in it.
        product: The product that it is about; empty if it is about several.
        notes: What a person should know of it, each a line.

    """

    path: Path
    rows: int
    product: str = ""
    notes: Sequence[str] = ()


class MarketSink(Protocol):
    """
    Writes files of a format, whole or not at all.

    Each day, by UTC and the time at which frames were received, has files of its own, which can be read by themselves.
    """

    def take(self, time: int, told: Told | Gap | BookLost) -> None:
        """
        Take the next item; see `Item` and `MarketStream`.

        Raises:
            RecordingError: If it cannot be written.

        """
        ...

    def finish(self) -> list[ExportedFile]:
        """
        Write what is left, and give the files their names.

        Raises:
            RecordingError: If they cannot be written; nothing is left behind then.

        """
        ...

    def discard(self) -> None:
        """Remove what was written, as far as it has no name yet."""
        ...
