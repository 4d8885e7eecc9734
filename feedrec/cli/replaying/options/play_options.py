"""Options of `feedrec replay`: what is played, and when."""

from __future__ import annotations

import click

from ...options import DURATION, SPEED, all_options

__all__ = ["play_options"]

play_options = all_options(
    click.option("--speed", type=SPEED, default="1", show_default=True, help="A factor such as 10 or 0.5, or max."),
    click.option(
        "--clock",
        type=click.Choice(["each", "shared"]),
        help="each: every client has its own timeline, from the start. shared: one timeline for all; clients join at "
        "its current time.  [default: each; with several endpoints, shared]",
    ),
    click.option(
        "--at-end",
        type=click.Choice(["close", "hold", "exit"]),
        default="close",
        show_default=True,
        help="After the last frame: close the connection (code 1000); hold it open, where time and heartbeats go on; "
        "or close it and exit.",
    ),
    click.option(
        "--start-after",
        metavar="CHANNEL[:PRODUCT,...]",
        multiple=True,
        help="Start a client's replay as soon as it has subscribed this. Repeatable.  [default: all that is recorded]",
    ),
    click.option(
        "--settle",
        type=DURATION,
        default="100ms",
        show_default=True,
        help="Otherwise, start a client's replay once it has sent no further subscribe for this long.",
    ),
    click.option("--loop", is_flag=True, help="Start over at the end, forever."),
    click.option(
        "--with-outages",
        is_flag=True,
        help="Disconnect clients where the recorder was disconnected, and refuse them as it was refused until then.",
    ),
)
"""Adds the options."""
