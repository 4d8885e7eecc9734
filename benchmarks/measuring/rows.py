"""A row of a table: a figure of feedrec beside that of a baseline, and the goal."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec

__all__ = ["Goal", "Row", "at_least", "at_most", "compared", "figure_at_least", "figure_at_most", "measured"]


class Goal(msgspec.Struct, frozen=True):
    """
    What a row is to reach.

    Attributes:
        limit: The number.
        is_least: Whether that or more is wanted; else that or less.
        is_of_ratio: Whether it is about the ratio; else about feedrec's figure, in its unit.

    """

    limit: float
    is_least: bool
    is_of_ratio: bool = True


def at_least(ratio: float) -> Goal:
    """Return the goal of a ratio that is to be so high."""
    return Goal(ratio, is_least=True)


def at_most(ratio: float) -> Goal:
    """Return the goal of a ratio that is to be so low."""
    return Goal(ratio, is_least=False)


def figure_at_least(figure: float) -> Goal:
    """Return the goal of a figure of feedrec that is to be so high, in the unit of the row."""
    return Goal(figure, is_least=True, is_of_ratio=False)


def figure_at_most(figure: float) -> Goal:
    """Return the goal of a figure of feedrec that is to be so low, in the unit of the row."""
    return Goal(figure, is_least=False, is_of_ratio=False)


class Row(msgspec.Struct, frozen=True):
    """
    A line of a table.

    Attributes:
        what: What was measured; no other row has this name.
        unit: Of both figures: `us`, `MB/s`, `% of a core`.
        feedrec: The median of feedrec's figures.
        baseline: The median of those of the baseline; None if there is a goal alone.
        ratio: The median of feedrec's figures over those of the baseline, round by round; None if there is no baseline.
        spread: The lowest and the highest of these ratios or, without a baseline, of the figures.
        growth: What a unit of load costs at four times the load, over what it costs at one; None if there is no load.
        goal: What it is to reach; None if it only tells how things are.

    """

    what: str
    unit: str
    feedrec: float
    baseline: float | None = None
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    growth: float | None = None
    goal: Goal | None = None

    @property
    def is_short(self) -> bool:
        """Whether it has a goal that it does not reach."""
        if self.goal is None:
            return False
        figure = self.ratio if self.goal.is_of_ratio else self.feedrec
        assert figure is not None, f"{self.what}: a goal for the ratio, and no baseline"
        return figure < self.goal.limit if self.goal.is_least else figure > self.goal.limit


def compared(
    what: str,
    unit: str,
    baseline: Sequence[float],
    feedrec: Sequence[float],
    *,
    goal: Goal | None = None,
    growth: float | None = None,
) -> Row:
    """Return the row of figures that were measured in rounds, one of each side in each round."""
    ratios = [ours / theirs for theirs, ours in zip(baseline, feedrec, strict=True)]
    return Row(
        what,
        unit,
        statistics.median(feedrec),
        statistics.median(baseline),
        statistics.median(ratios),
        (min(ratios), max(ratios)),
        growth,
        goal,
    )


def measured(
    what: str, unit: str, feedrec: Sequence[float], *, goal: Goal | None = None, growth: float | None = None
) -> Row:
    """Return the row of figures that have no baseline but the goal."""
    return Row(what, unit, statistics.median(feedrec), spread=(min(feedrec), max(feedrec)), growth=growth, goal=goal)
