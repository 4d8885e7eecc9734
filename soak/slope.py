"""How fast something grows, by least squares."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["slope_of"]


def slope_of(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line that is closest to some points; 0 if they do not tell."""
    if len(points) < 2:
        return 0.0
    middle = sum(x for x, _ in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * y for x, y in points) / spread if spread else 0.0
