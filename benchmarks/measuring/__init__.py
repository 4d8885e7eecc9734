"""
What all measurements are made of.

    rows.py     a row of a table, and its goal
    rounds.py   sides that run in turn, and what each unit of load costs
    machine.py  what is known of the machine
    figures.py  the rows of all groups, as JSON
"""

from __future__ import annotations

from .rounds import LOADS, compared_slopes, growth_of, in_turn, row_of_slopes, slope, slopes_in_turn
from .rows import Goal, Row, at_least, at_most, compared, figure_at_least, figure_at_most, measured

__all__ = [
    "LOADS",
    "Goal",
    "Row",
    "at_least",
    "at_most",
    "compared",
    "compared_slopes",
    "figure_at_least",
    "figure_at_most",
    "growth_of",
    "in_turn",
    "measured",
    "row_of_slopes",
    "slope",
    "slopes_in_turn",
]
