"""
Where something belongs of several places, such that little moves when there is one more of either (rendezvous hashing).

Each place weighs for each name as a hash of both says: a name belongs where that is most, whatever else there is. So
one place more takes its share from all others, and nothing moves between these; and everybody who knows the places
finds the same, without asking anybody.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable

__all__ = ["best_place", "best_places", "weight_of"]


def best_place(name: str, places: Iterable[int]) -> int:
    """Return the place where a name belongs."""
    return max(places, key=lambda place: _weight_at(place, name))


def best_places(name: str, places: Iterable[int], count: int) -> list[int]:
    """Return so many places where a name belongs, the best one first; fewer if there are not so many."""
    return heapq.nlargest(count, places, key=lambda place: _weight_at(place, name))


def weight_of(text: str) -> bytes:
    """Return what is as good as random, and the same on each machine."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()


def _weight_at(place: int, name: str) -> bytes:
    return weight_of(f"{place} {name}")
