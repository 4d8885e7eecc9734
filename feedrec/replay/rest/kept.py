"""What was made or read lately, as far as it is not too much. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Kept"]

_Value = TypeVar("_Value")


class Kept(Generic[_Value]):
    """
    The latest values by key: not more than so many, nor of more bytes.

    Args:
        most: How many at most.
        size: Bytes at most of all of them together; what alone has more is not kept.

    """

    def __init__(self, most: int, size: int) -> None:
        self._most = most
        self._size = size
        self._held = 0
        self._values: OrderedDict[Hashable, tuple[_Value, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> _Value | None:
        """Return a value, as if it were new from now on; None if it is not there."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, value: _Value, size: int) -> None:
        """Keep a value of so many bytes in place of what was kept for its key; let go of the oldest ones for it."""
        _, before = self._values.pop(key, (None, 0))
        self._held -= before
        if size > self._size:
            return
        self._values[key] = value, size
        self._held += size
        while self._held > self._size or len(self._values) > self._most:
            _, (_, left) = self._values.popitem(last=False)
            self._held -= left
