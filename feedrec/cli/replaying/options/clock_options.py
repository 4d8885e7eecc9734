"""Options of `feedrec replay`: what of recorded time passes, how, and what of it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from ...options import DURATION, TIME, all_options

if TYPE_CHECKING:
    from ....times import Moment

__all__ = ["clock_options"]


class _Beginning(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5 only
    """A time, or the end of what is recorded."""

    name = "time|live"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Moment | Literal["live"]:
        return "live" if value == "live" else TIME.convert(value, param, ctx)


clock_options = all_options(
    click.option(
        "--from",
        "start",
        type=_Beginning(),
        help="Start at this time (UTC): 2026-11-21T17:00:00Z, 2026-11-21, 17:30, or 90s from the beginning; or live: "
        "at the end of a recording that is being written, in step with its recorder.",
    ),
    click.option("--to", "end", type=TIME, help="Stop before this time."),
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
