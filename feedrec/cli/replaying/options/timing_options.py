"""Options of `feedrec replay`: for whom its time waits, and how late frames may be."""

from __future__ import annotations

import math

import click

from ....errors import UsageError
from ....model import NANOSECONDS
from ...options import DURATION, all_options

__all__ = ["allowed_lateness", "timing_options"]

timing_options = all_options(
    click.option(
        "--wait-for",
        metavar="N",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Begin when so many clients have subscribed, with all of them.",
    ),
    click.option(
        "--max-lateness",
        type=DURATION,
        help="Exit with 1 if a frame was later than this, e.g. 50ms; the latest one is named.",
    ),
)
"""Adds the options."""


def allowed_lateness(seconds: float | None, speed: float) -> int | None:
    """
    Return how late a frame may be, in nanoseconds; None for as late as it is.

    Raises:
        UsageError: If frames have no deadlines.

    """
    if seconds is None:
        return None
    if math.isinf(speed):
        raise UsageError("with --speed max nothing is ever late: leave out --max-lateness, or choose another speed")
    return round(seconds * NANOSECONDS)
