"""Options of `feedrec record` for books that are wrong."""

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
    click.option(
        "--verify-books",
        is_flag=True,
        help="Check for crossed books, and what else the venue's own numbers tell, in a process beside the recorder.",
    ),
)
"""Adds the options, fields of `RunOptions`."""
