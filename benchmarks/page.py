"""
The tables of docs/performance.md, made of the figures that are checked in: `python -m benchmarks.page`.

A table stands between `<!-- figures: GROUP -->` and `<!-- end of figures -->`; all else on the page is written by hand.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from .measuring.figures import Figures, Group, read_figures
from .measuring.rows import Goal, Row

__all__ = ["FIGURES", "PAGE", "groups_on", "rendered", "shown"]

FIGURES = Path(__file__).parent / "figures.json"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"

_QUIET = 0.75
"""Load for each core up to which a machine counts as quiet: the groups that were measured before are in it."""

_PLACE = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def groups_on(page: str) -> list[str]:
    """Return the groups whose figures a page has, in order."""
    return [name for _, name, _ in _PLACE.findall(page)]


def rendered(page: str, figures: Figures) -> str:
    """Return a page with the tables that these figures make."""
    return _PLACE.sub(lambda place: f"{place[1]}{_table(figures.groups.get(place[2]))}{place[3]}", page)


def _table(group: Group | None) -> str:
    if group is None:
        return "\nNot measured yet.\n\n"
    lines = ["| what | baseline | feedrec | ratio | growth | goal |", "|---|---|---|---|---|---|"]
    lines += [f"| {' | '.join(shown(row))} |" for row in group.rows]
    machine = group.machine
    where = f"{machine.cores} cores, Python {machine.python}, websockets {machine.libraries['websockets']}"
    busy = f"; other work ran beside it (load {machine.load:.0f})" if machine.load > _QUIET * machine.cores else ""
    note = f"{machine.date}, {where}{busy}."
    if group.error:
        note += f" Then it ended: {group.error}."
    return "\n" + "\n".join([*lines, "", note]) + "\n\n"


def shown(row: Row) -> list[str]:
    """Return the cells of a row."""
    return [
        row.what,
        "" if row.baseline is None else f"{_number(row.baseline)} {row.unit}".strip(),
        f"{_number(row.feedrec)} {row.unit}".strip() + (_range(row) if row.ratio is None else ""),
        "" if row.ratio is None else f"{row.ratio:.2f}{_range(row)}",
        "" if row.growth is None or math.isnan(row.growth) else f"{row.growth:.2f}",
        _goal(row.goal, row.unit) + (" **not reached**" if row.is_short else ""),
    ]


def _range(row: Row) -> str:
    """Return the lowest and the highest of the rounds, if they differ."""
    if row.spread is None or row.spread[0] == row.spread[1]:
        return ""
    low, high = (f"{one:.2f}" if row.ratio is not None else _number(one) for one in row.spread)
    return f" ({low} to {high})"


def _goal(goal: Goal | None, unit: str) -> str:
    if goal is None:
        return ""
    limit = f"{goal.limit:g}" if goal.is_of_ratio else f"{_number(goal.limit)} {unit}".strip()
    return f"{limit} or {'more' if goal.is_least else 'less'}"


def _number(value: float) -> str:
    """Return a figure with three digits, and no fewer than stand before the point."""
    if not value or math.isnan(value):
        return f"{value:g}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(decimals, 4)}f}"


if __name__ == "__main__":
    PAGE.write_text(rendered(PAGE.read_text(), read_figures(FIGURES)))
