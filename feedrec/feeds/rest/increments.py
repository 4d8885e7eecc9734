"""The steps in which a product's prices and sizes go, as those that were seen show them."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["increment_of"]

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)


def increment_of(numbers: Iterable[str]) -> str:
    """
    Return the greatest power of ten, at most 1, of which all numbers are multiples; empty if there is no number.

    With enough numbers that is the venue's increment where it is a power of ten, as nearly all are. With few it can be
    too coarse, never too fine. What is not digits, perhaps with a point, counts nowhere.
    """
    decimals = {len(number.partition(".")[2].rstrip("0")) for number in set(numbers) if _NUMBER.fullmatch(number)}
    if not decimals:
        return ""
    most = max(decimals)
    return f"0.{'1':0>{most}}" if most else "1"
