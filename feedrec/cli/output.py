"""Formatting for people: numbers with units, aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

from .terminal import printable

__all__ = ["columns", "count", "duration", "ratio", "size"]


_NARROWEST = 20  # columns of a cell that is wrapped


def size(number: float) -> str:
    """Format bytes in decimal units, e.g. `5.1 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def duration(seconds: float) -> str:
    """Format seconds, e.g. `24.2 s`, `12m 05s`, `3h 02m`."""
    if seconds < 1:
        return f"{seconds:.3f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours < 1:
        return f"{minutes}m {rest:02d}s"
    days, hours_of_day = divmod(hours, 24)
    return f"{days}d {hours_of_day:02d}h" if days else f"{hours}h {minutes:02d}m"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Format a number with its noun, e.g. `1 gap`, `1,030 frames`, `no gaps`."""
    name = noun if number == 1 else plural or f"{noun}s"
    return f"{number:,} {name}" if number else f"no {name}"


def ratio(value: float | None) -> str:
    """Format a compression ratio, e.g. `12.3:1`."""
    return f"{value:.1f}:1" if value else "-"


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), wrap: int | None = None) -> list[str]:
    """
    Return the lines of a table.

    Args:
        rows: Its cells.
        right: Numbers of the columns that are right-aligned.
        wrap: Columns of the terminal that the table must fit into, by continuing its last cells on further lines.

    """
    rows = [[printable(cell) for cell in row] for row in rows]
    if wrap is not None:
        before = sum(max(map(len, column)) + 2 for column in list(zip(*rows, strict=True))[:-1])
        rows = [line for row in rows for line in _wrapped(row, max(wrap - before, _NARROWEST))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def _wrapped(row: Sequence[str], width: int) -> list[list[str]]:
    """Return a row of a table as several ones, whose last cells have so many columns at most."""
    import textwrap

    first, *others = textwrap.wrap(row[-1], width, break_long_words=False, break_on_hyphens=False) or [""]
    return [[*row[:-1], first], *([*[""] * (len(row) - 1), other] for other in others)]
