"""Options of `feedrec record` that say where the others stand, and that nothing but the plan is wanted."""

from __future__ import annotations

from pathlib import Path

import click

from ...options import all_options

__all__ = ["config_options"]

config_options = all_options(
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path, readable=False, dir_okay=False),
        help="Record the feeds of this TOML file: a table [feeds.NAME] each, with the options above as keys.",
    ),
    click.option(
        "--check", is_flag=True, help="Print what would be recorded, how and where to; connect to nothing, and exit."
    ),
)
"""Adds `--config` and `--check`."""
