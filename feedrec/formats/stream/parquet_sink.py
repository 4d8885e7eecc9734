"""Where pyarrow writes a Parquet file, and from where the encoder takes it."""

from __future__ import annotations

import io
from typing import Any, Protocol

__all__ = ["MemorySink", "Sink"]


class Sink(Protocol):
    """
    Where pyarrow writes, and from where the encoder takes what it wrote.

    Attributes:
        stream: What pyarrow is given.

    """

    @property
    def stream(self) -> Any:
        """Return it."""

    def tell(self) -> int:
        """Return the number of bytes written."""

    def take(self) -> bytes:
        """Return what was written since the last call."""


class MemorySink(io.RawIOBase):
    """Holds what pyarrow writes in memory: each page once more, next to the three copies that pyarrow has of it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def stream(self) -> Any:
        return self

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        self._size += len(self._pieces[-1])
        return len(self._pieces[-1])

    def tell(self) -> int:
        return self._size

    def take(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data
