"""Options of `feedrec replay`: how recorded time passes, and what of it is told."""

from __future__ import annotations

import click

from ...options import DURATION, all_options

__all__ = ["clock_options"]

clock_options = all_options(
    click.option(
        "--max-gap",
        type=DURATION,
        help="Shorten longer silences between recorded frames to this, such as 5s of recorded time.",
    ),
    click.option(
        "--restamp",
        is_flag=True,
        help="Move the times inside frames to now, at speed 1, for clients that refuse old data.",
    ),
)
"""Adds the options."""
