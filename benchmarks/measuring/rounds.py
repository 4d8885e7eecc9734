"""Sides that run in turn, and what each unit of load costs them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from .rows import Goal, Row, compared

__all__ = ["LOADS", "Slope", "compared_slopes", "growth_of", "in_turn", "row_of_slopes", "slope", "slopes_in_turn"]

LOADS = (1, 2, 4)
"""How many times the load is measured."""

T = TypeVar("T")


def in_turn(rounds: int, *sides: Callable[[], T]) -> list[list[T]]:
    """Run all sides in each round; return the figures of each, one for each round."""
    figures: list[list[T]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, found in zip(sides, figures, strict=True):
            found.append(side())
    return figures


class Slope(NamedTuple):
    """
    What a unit of load costs.

    Attributes:
        cost: Between one and four times the load.
        growth: Between two and four times, over that between one and two: 1 if the cost grows as the load does.

    """

    cost: float
    growth: float


def slope(cost_at: Callable[[int], float], units: float) -> Slope:
    """
    Measure what each further unit costs.

    Args:
        cost_at: Returns the cost at 1, 2 and 4 times the load, such as seconds of CPU time.
        units: The load at 1, such as a number of frames.

    """
    one, two, four = map(cost_at, LOADS)
    first, second = two - one, (four - two) / 2
    return Slope((four - one) / (3 * units), second / first if first > 0 else float("nan"))


def slopes_in_turn(rounds: int, units: float, *costs: Callable[[int], float]) -> list[list[Slope]]:
    """Measure what each further unit costs several sides, in turn; see `slope`."""
    return in_turn(rounds, *(partial(slope, cost, units) for cost in costs))


def row_of_slopes(
    what: str, baseline: Sequence[Slope], feedrec: Sequence[Slope], *, goal: Goal | None = None, per_second: str = ""
) -> Row:
    """
    Return the row of what each further unit costs two sides in seconds.

    Args:
        what: The name of the row.
        baseline: What it costs the baseline, round by round.
        feedrec: What it costs feedrec.
        goal: The goal.
        per_second: What the units are, for a row with units per second, such as `frames`, whose ratio is higher the
            faster feedrec is; else the row has microseconds for each, and its ratio is lower.

    """
    growth = statistics.median(one.growth for one in feedrec)
    if per_second:
        figures = [[1 / one.cost for one in side] for side in (baseline, feedrec)]
        return compared(what, f"{per_second}/s", *figures, goal=goal, growth=growth)
    figures = [[one.cost * 1e6 for one in side] for side in (baseline, feedrec)]
    return compared(what, "us", *figures, goal=goal, growth=growth)


def compared_slopes(
    what: str,
    units: float,
    baseline: Callable[[int], float],
    feedrec: Callable[[int], float],
    *,
    rounds: int,
    goal: Goal | None = None,
    per_second: str = "",
) -> Row:
    """
    Measure what each further unit costs two sides, in turn; return the row.

    Args:
        what: The name of the row.
        units: The load at 1, such as a number of frames.
        baseline: Returns the seconds that the baseline takes at 1, 2 and 4 times the load, its start included.
        feedrec: Returns those of feedrec.
        rounds: How often.
        goal: The goal.
        per_second: See `row_of_slopes`.

    """
    theirs, ours = slopes_in_turn(rounds, units, baseline, feedrec)
    return row_of_slopes(what, theirs, ours, goal=goal, per_second=per_second)


def growth_of(costs: Sequence[float]) -> float:
    """Return how the cost of a unit grows, by what it is at 1, 2 and 4 times the load."""
    one, _, four = costs
    return four / one
