"""Options of `feedrec replay`: what goes wrong on purpose."""

from __future__ import annotations

import click

from ...options import all_options

__all__ = ["fault_options"]

fault_options = all_options(
    click.option(
        "--fault",
        "faults",
        metavar="FAULT",
        multiple=True,
        help="drop=0.1%; dup, reorder, truncate; delay=50ms±20ms; stall=5s@+30s; gap=5@+10s; disconnect=1012@+10s; "
        "slow=64kB/s; refuse=3; auth-failure=1. Of one channel: drop=1%:level2 (docs/replay.md). Repeatable.",
    ),
    click.option(
        "--seed", metavar="N", type=int, help="Decides which frames faults hit.  [default: drawn, and logged]"
    ),
)
"""Adds the options."""
