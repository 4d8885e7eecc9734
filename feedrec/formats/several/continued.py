"""
Which files go on, with nothing between, from others that are read too.

Such a file may begin with the state that the one before has led to (`--snapshot-on-rotate`), for those who read it
alone. Who reads both has that state already.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...model import Header
from .inputs import run_identity

__all__ = ["continued_files"]


def continued_files(headers: Sequence[Header]) -> set[int]:
    """Return the numbers of the files before each of which another one is read: the part before, of the same run."""
    places = [(run_identity(header), header.extra.get("part", 1)) for header in headers]
    there = {place for place in places if isinstance(place[1], int)}
    return {
        number
        for number, (run, part) in enumerate(places)
        if isinstance(part, int) and part > 1 and (run, part - 1) in there
    }
