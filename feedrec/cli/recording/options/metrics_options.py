"""Options of `feedrec record` for those who watch it."""

from __future__ import annotations

import click

from ...options import DURATION, all_options
from .listen_place import ListenPlaceType

__all__ = ["metrics_options"]

metrics_options = all_options(
    click.option(
        "--metrics",
        metavar="HOST:PORT",
        type=ListenPlaceType("127.0.0.1:9464"),
        help="Serve /metrics for Prometheus, /healthz and /readyz here, e.g. 127.0.0.1:9464.",
    ),
    click.option(
        "--allow-host",
        "allow_hosts",
        metavar="NAME",
        multiple=True,
        help="Answer to this name of the machine too, besides its addresses, with --metrics and --serve. Repeatable.",
    ),
    click.option(
        "--stale-after",
        metavar="DURATION",
        type=DURATION,
        help="Without a frame for this long, a feed is stale.  [default: as its channels allow, mostly 20s]",
    ),
)
"""Adds the options; `--stale-after` is one of each feed."""
