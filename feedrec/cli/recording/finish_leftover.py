"""Finishes what a killed recorder has left: what the process of a `LeftoverFinisher` does."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from ...errors import FeedrecError, TruncatedRecordingError
from ...formats import Recording, open_recording
from ...formats.file.growing.disk_rules import is_full
from ...formats.file.lock import is_at, locked, unlink_if_at
from ...formats.file.names import finished_path
from ...formats.tools.repair import repair_recording
from ...processing.feed_rules import rules_for
from ...recorder.output.finisher import DISK_FULL
from ..signals import ending_between_steps
from ..terminal import echo

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
        if _is_finished_already(path):
            return
        with ending_between_steps() as end_if_noted:
            repair_recording(path, rules_for=rules_for, finishing=True, progress=lambda _done, _size: end_if_noted())
    except (FeedrecError, OSError) as error:
        reason = str(getattr(error, "reason", error))
        if not is_full(error):
            sys.exit(reason)
        echo(reason, err=True)
        sys.exit(DISK_FULL)


def _is_finished_already(path: Path) -> bool:
    """Return whether all of a file has the final name already, which it then has alone: whoever gave it was killed."""
    finished, before = finished_path(path), path.lstat()
    if not (is_at(before, finished) or _has_all_of(finished, path)):
        return False
    with locked(path):
        unlink_if_at(before, path)
    return True


def _has_all_of(finished: Path, path: Path) -> bool:
    """Return whether a finished file has every line of another one in its order, between whatever else it has."""
    try:
        with open_recording(finished) as whole, open_recording(path) as part:
            if (whole.header.endpoint, whole.header.created) != (part.header.endpoint, part.header.created):
                return False
            there = chain.from_iterable(whole.batches())
            return all(line in there for line in _whole_lines(part))
    except FeedrecError:
        return False


def _whole_lines(recording: Recording) -> Iterator[bytes]:
    """Yield the lines of a file that may end amid one."""
    with contextlib.suppress(TruncatedRecordingError):
        yield from chain.from_iterable(recording.batches())
