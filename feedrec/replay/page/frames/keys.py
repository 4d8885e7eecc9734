"""Places of lines in recordings, as the page names them."""

from __future__ import annotations

from typing import NamedTuple

from ....errors import UsageError
from ....model import TIME_LIMIT

__all__ = ["NO_FILE", "Key", "Place", "key_at", "parse_key"]

Place = tuple[int, int]
"""
Where a line stands in a file: number of its block and of the line in that, from 0, by an index; else its time, and how
many of the lines from that time on stand before it.
"""

NO_FILE = -1
"""Of a key that is before all lines of a time."""

_PARTS = 4
_MOST_DIGITS = 21  # of a time in the year 9999


class Key(NamedTuple):
    """
    Where a line stands among all; keys that are compared are in the order of the lines.

    Attributes:
        time: Its time, in nanoseconds.
        file: Number of its recording.
        place: Where it stands in that.

    """

    time: int
    file: int
    place: Place

    def __str__(self) -> str:
        return f"{self.time}.{self.file}.{self.place[0]}.{self.place[1]}"


def key_at(time: int) -> Key:
    """Return a key that is before all lines of a time, and after all before it."""
    return Key(time, NO_FILE, (0, 0))


def parse_key(text: str) -> Key:
    """
    Read a key.

    Raises:
        UsageError: If it is none.

    """
    parts = text.split(".")
    numbers = [int(part) for part in parts if _is_number(part)]
    if len(numbers) != len(parts) or len(parts) != _PARTS or numbers[0] >= TIME_LIMIT or min(numbers[2:]) < 0:
        raise UsageError(f"{text[:80]!r} is no key of a frame")
    return Key(numbers[0], numbers[1], (numbers[2], numbers[3]))


def _is_number(text: str) -> bool:
    return text == str(NO_FILE) or (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS)
