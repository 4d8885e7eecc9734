"""A plot in the terminal: received frames per second over recorded time, with gaps and reconnects marked below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...formats.tools.summary import Activity
from ...model import NANOSECONDS, format_time
from ..terminal import GAP, coloured

__all__ = ["ASCII", "BLOCKS", "Style", "plot", "style_for"]

_ROWS = 5
_WIDEST, _NARROWEST = 100, 40
_LABEL = 9  # columns for a number and the spaces before it
_FINE_SPAN = 10 * NANOSECONDS
_LEGEND = {"g": "gap", "r": "reconnect", "*": "both"}


class Style(NamedTuple):
    """
    The characters to draw with.

    Attributes:
        levels: From empty to full, by height within a character.
        tick: Between a number and the plot.
        wall: The same in rows without a number.

    """

    levels: str
    tick: str
    wall: str


BLOCKS = Style(" ▁▂▃▄▅▆▇█", "┤", "│")
ASCII = Style(" .:#", "+", "|")


def style_for(encoding: str | None) -> Style:
    """Return the best characters that an encoding supports."""
    try:
        "".join(BLOCKS).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS


def plot(activity: Activity, width: int, style: Style) -> list[str]:
    """
    Draw activity over time.

    Args:
        activity: Activity of one recording, or of several.
        width: Columns of the terminal; the plot uses 40 to 100 of them.
        style: The characters to draw with.

    Returns:
        Its lines; none if nothing was received, or everything at the same moment, so that there is no rate.

    """
    if activity.span is None or activity.frames.first == activity.frames.last:
        return []
    start, end = activity.span
    count = max(_NARROWEST, min(width, _WIDEST)) - _LABEL - 3  # the axis, and the last column: it may wrap
    margin = " " * (_LABEL + 2)
    seconds = (end - start) / NANOSECONDS / count
    rates = [frames / seconds for frames in activity.frames.columns(start, end, count)]
    labels = [_number(max(rates)), *[""] * (_ROWS - 2), "0"]
    lines = [f"{'frames/s':>{_LABEL}}"]
    for label, bars in zip(labels, _bars(rates, style), strict=True):
        lines.append(f"{label:>{_LABEL}} {style.tick if label else style.wall}{bars}".rstrip())
    marks = _marks(activity.gaps.columns(start, end, count), activity.reconnects.columns(start, end, count))
    if marks:
        lines.append(coloured(f"{margin}{marks}", marks, GAP))
    first, last = (activity.ends.first or (start, start))[1], (activity.ends.last or (end, end))[1]
    lines.append(f"{margin}{_ends(first, last, count, is_short=end - start < _FINE_SPAN)}")
    if marks:
        lines.append(f"{margin}{'   '.join(f'{mark} {name}' for mark, name in _LEGEND.items() if mark in marks)}")
    return lines


def _number(rate: float) -> str:
    return f"{rate:,.1f}" if rate < 100 else f"{rate:,.0f}"


def _bars(rates: Sequence[float], style: Style) -> Iterator[str]:
    """Yield the rows from the top; anything above zero is visible, however small."""
    full = len(style.levels) - 1
    top = max(rates)
    heights = [max(round(rate / top * _ROWS * full), 1) if rate else 0 for rate in rates]
    for row in reversed(range(_ROWS)):
        yield "".join(style.levels[min(max(height - row * full, 0), full)] for height in heights)


def _marks(gaps: Sequence[int], reconnects: Sequence[int]) -> str:
    kinds = {(False, False): " ", (True, False): "g", (False, True): "r", (True, True): "*"}
    return "".join(kinds[gap > 0, reconnect > 0] for gap, reconnect in zip(gaps, reconnects, strict=True)).rstrip()


def _ends(start: int, end: int, count: int, *, is_short: bool) -> str:
    """Return the row with the first and the last time: with the date if they differ in it, with decimals if short."""
    first, last = format_time(start), format_time(end)
    decimals = 4 if is_short else 0
    begin = 0 if first[:10] != last[:10] else len("2026-11-21T")
    left, right = (text[begin : len("2026-11-21T17:00:00") + decimals] + "Z" for text in (first, last))
    return f"{left}{right:>{count - len(left)}}"
