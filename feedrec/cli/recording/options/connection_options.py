"""Options of `feedrec record` about its connections; their values are fields of `RunOptions`."""

from __future__ import annotations

import click

from ...options import all_options

__all__ = ["connection_options"]

connection_options = all_options(
    click.option(
        "--connections",
        metavar="N",
        type=click.IntRange(1),
        help="Share the products out over so many connections.  [default: as few as the venue's limits allow]",
    ),
)
"""Adds the options."""
