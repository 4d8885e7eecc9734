"""How many files a recorder may have open."""

from __future__ import annotations

import contextlib
import resource

__all__ = ["ENOUGH", "allow_open_files"]

ENOUGH = 65_536
"""Open files that are allowed, as in the systemd unit: a year of hourly files of seven feeds, none of them shipped."""


def allow_open_files() -> None:
    """
    Allow this process enough open files, or as many as the system lets it have.

    The mark of each file that waits for its command stays open. The usual limit of 1,024 would end a recording because
    nothing could be shipped for some days.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):  # a system that allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
