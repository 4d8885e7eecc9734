"""Finishes what a killed recorder has left: what the process of a `LeftoverFinisher` does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import FeedrecError
from ...formats import open_recording
from ...formats.file.lock import is_at, locked
from ...formats.file.names import finished_path
from ...formats.tools.repair import repair_recording
from ..feed_rules import rules_for
from ..signals import ending_between_steps

__all__ = ["main"]


def main(arguments: Sequence[str]) -> None:
    """Finish a `.part` file of an endpoint; its end says what keeps it from that."""
    endpoint, name = arguments
    path = Path(name)
    try:
        with open_recording(path) as recording:
            other = recording.header.endpoint
        if other != endpoint:
            sys.exit(f"it is of {other}")
        if _has_its_name(path):
            return
        with ending_between_steps() as end_if_noted:
            repair_recording(path, rules_for=rules_for, finishing=True, progress=lambda _done, _size: end_if_noted())
    except (FeedrecError, OSError) as error:
        sys.exit(str(getattr(error, "reason", error)))


def _has_its_name(path: Path) -> bool:
    """Return whether a file has its final name as well, which it then has alone: its recorder was killed between."""
    with locked(path):
        is_same = is_at(path.lstat(), finished_path(path))
        if is_same:
            path.unlink()
    return is_same
