"""What came out of one attack."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Finding"]


class Finding(NamedTuple):
    """
    What came out of one attack.

    Attributes:
        what: What was done, in a few words.
        figure: What came of it, with its unit: `0.83 s lost at most`.
        promise: What must hold: `at most 1 s`.
        holds: Whether it does.

    """

    what: str
    figure: str
    promise: str
    holds: bool
