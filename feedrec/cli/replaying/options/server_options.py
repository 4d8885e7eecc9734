"""Options of `feedrec replay`: who may connect, and for how long."""

from __future__ import annotations

import click

from ...options import DURATION, all_options, allow_host_option, host_option, max_clients_option, port_option

__all__ = ["server_options"]

server_options = all_options(
    host_option,
    port_option(8765),
    allow_host_option("read the replay"),
    max_clients_option(None, "  [default: 1000, or fewer if few files may be open]"),
    click.option(
        "--write-deadline",
        type=DURATION,
        default="30s",
        show_default=True,
        help="Drop a client that has not read anything for this long.",
    ),
    click.option(
        "--control-token",
        metavar="TEXT",
        help="What programs and pages that steer the replay must send along (docs/replay.md).  [default: none; beyond "
        "this machine, one that is made and printed]",
    ),
    click.option("--ui", is_flag=True, help="Open the page that shows and steers the replay in the browser."),
    click.option("--deflate", is_flag=True, help="Compress messages to clients that offer permessage-deflate."),
    click.option(
        "--no-cache",
        is_flag=True,
        help="Neither keep books that took long to rebuild in the user's cache folder, nor use those that are there.",
    ),
)
"""Adds the options."""
