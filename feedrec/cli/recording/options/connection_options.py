"""Options of `feedrec record` about its connections; their values are fields of `RunOptions`."""

from __future__ import annotations

import click

from ...options import DURATION, all_options

__all__ = ["connection_options"]

connection_options = all_options(
    click.option(
        "--connections",
        metavar="N",
        type=click.IntRange(1),
        help="Share the products out over so many connections.  [default: as few as the venue's limits allow]",
    ),
    click.option(
        "--max-age",
        metavar="DURATION",
        type=DURATION,
        help="Replace each connection before it is so old, e.g. 23h.  [default: as the venue documents, mostly never]",
    ),
)
"""Adds the options."""
