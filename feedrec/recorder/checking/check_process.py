"""The process that checks frames: `python -m feedrec.recorder.checking.check_process ENDPOINT`, frames on stdin."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import msgspec

from ...feeds import find_feed
from ...feeds.checking import Finding, FrameCheck
from ...model import NANOSECONDS
from .check_frames import CheckFrame, read_frames

__all__ = ["SPACING", "Told", "check_frames"]

SPACING = 60
"""Seconds from one finding about a product to the next of the same kind."""

_NICENESS = 19


class Told(msgspec.Struct, frozen=True):
    """
    What the process tells, as a line of JSON.

    Attributes:
        conn: The connection.
        finding: What was found on it.

    """

    conn: int
    finding: Finding


def check_frames(feed: Any, frames: Iterable[CheckFrame], tell: BinaryIO) -> None:
    """
    Check frames as long as there are any.

    Args:
        feed: What the endpoint speaks; it has `describe` and `checks`.
        frames: The frames of all connections.
        tell: Where to write what is found, a line for each.

    """
    checks: dict[int, list[FrameCheck]] = {}
    told: dict[int, dict[tuple[str, str], int]] = {}  # when what was told, by connection
    for conn, time, payload in frames:
        if payload is None:
            checks.pop(conn, None)
            told.pop(conn, None)
            continue
        info = feed.describe(payload)
        if conn not in checks:
            checks[conn], told[conn] = feed.checks(), {}
        for check in checks[conn]:
            for finding in check.take(time, info, payload) if info.channel in check.channels else ():
                key = finding.event, str(finding.details.get("product"))
                last = told[conn].get(key)
                if last is None or not 0 <= time - last < SPACING * NANOSECONDS:
                    told[conn][key] = time
                    tell.write(msgspec.json.encode(Told(conn, finding)) + b"\n")
                    tell.flush()


def main() -> None:
    """Check what comes from stdin."""
    os.nice(_NICENESS)
    check_frames(find_feed(sys.argv[1]), read_frames(sys.stdin.buffer), sys.stdout.buffer)


if __name__ == "__main__":
    main()
