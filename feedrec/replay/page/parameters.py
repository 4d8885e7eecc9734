"""The parameters of a question, each within its bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ...errors import UsageError
from ...model import TIME_LIMIT

__all__ = ["LONGEST", "MILLISECOND", "Parameters"]

MILLISECOND = 1_000_000
"""Nanoseconds in a millisecond."""

LONGEST = 200
"""Characters of a text: a longer name is not shown, as it could not be asked for."""

_MOST_DIGITS = 20


class Parameters:
    """
    What a question says.

    Args:
        pairs: Names and values, as they stand in the query of an address; of a name, the last one counts.
        start: The moment from which milliseconds count, in nanoseconds.

    """

    def __init__(self, pairs: Iterable[tuple[str, str]], start: int = 0) -> None:
        self._texts = dict(pairs)
        self.start = start

    def text(self, name: str) -> str:
        """
        Return a text; empty if there is none.

        Raises:
            UsageError: If it is too long.

        """
        text = self._texts.get(name, "")
        if len(text) > LONGEST:
            raise UsageError(f"{name} has at most {LONGEST} characters")
        return text

    def time(self, name: str) -> int | None:
        """
        Return a wall time in nanoseconds; None if there is none.

        Raises:
            UsageError: If it is no number of milliseconds.

        """
        text = self.text(name)
        if not text:
            return None
        try:
            value = math.nan if "_" in text else float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or abs(value) * MILLISECOND > TIME_LIMIT:
            raise UsageError(f"{name} is a number of milliseconds since the start")
        return min(max(self.start + round(value * MILLISECOND), 0), TIME_LIMIT - 1)

    def number(self, name: str, default: int, most: int, least: int = 1) -> int:
        """
        Return a whole number, no greater than may be.

        Args:
            name: Its name.
            default: What it is if nothing is said.
            most: What greater ones are taken as.
            least: What it must be at least.

        Raises:
            UsageError: If it is none, or too small.

        """
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS and int(text) >= least):
            raise UsageError(f"{name} is a whole number from {least} on")
        return min(int(text), most)
