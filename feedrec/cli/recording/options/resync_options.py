"""Options of `feedrec record` for books that are wrong since frames were missed."""

from __future__ import annotations

import click

from ...options import all_options

__all__ = ["resync_options"]

resync_options = all_options(
    click.option(
        "--resync/--no-resync",
        default=True,
        show_default=True,
        help="After a gap, subscribe books again, one after another, so that the venue sends their snapshots.",
    ),
)
"""Adds the option, a field of `RunOptions`."""
