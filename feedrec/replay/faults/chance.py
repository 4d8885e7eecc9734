"""
Which frames are hit: a number for each position, out of a hash.

No number depends on another one: so every client finds the same, wherever it begins and however fast it plays.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence

__all__ = ["Chance"]

_EIGHT = struct.Struct("<8Q")  # numbers in a digest


class Chance:
    """
    Numbers below 2**64 by position, all equally likely.

    Args:
        seed: The seed.
        what: What is left to chance: something else gets other numbers.

    """

    def __init__(self, seed: int, what: str) -> None:
        self._hash = hashlib.blake2b(f"{seed}|{what}|".encode(), digest_size=_EIGHT.size)

    def numbers(self, positions: Sequence[int]) -> list[int]:
        """Return the number of each position; those that lie close together take the least time."""
        found: list[int] = []
        eight, numbers = -1, ()
        for position in positions:
            if position >> 3 != eight:
                eight = position >> 3
                digest = self._hash.copy()
                digest.update(b"%d" % eight)
                numbers = _EIGHT.unpack(digest.digest())
            found.append(numbers[position & 7])
        return found
