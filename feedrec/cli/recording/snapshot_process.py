"""The process that has a finished file begin with the state that the file before it has led to."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from ...errors import FeedrecError
from ...feeds import venue_of
from ...feeds.state.new_state import new_state
from ...formats.file.growing.disk_rules import is_full
from ...formats.file.lock import is_being_written
from ...formats.file.names import carried_path, part_path, work_path
from ...formats.tools.states.carried_state import StateUnknownError, carry_state, remove_carried, state_after
from ...formats.tools.states.gathered_state import StartState
from ...formats.tools.states.inserting import FileStart, insert_state, start_of
from ...processing.feed_rules import rules_for
from ...recorder.output.finisher import DISK_FULL
from ...recorder.output.snapshot_finisher import NO_STATE
from ..terminal import echo

__all__ = ["main"]

_POLL = 0.2
_BROKEN = {"continuation", "lost", "damage"}
"""What comes before the first frame of a file if the file before may not have everything."""


def main(arguments: Sequence[str]) -> None:
    """
    Put the state into a file, and keep that of its end.

    Args:
        arguments: The file; the one before it, or nothing; and `carry` if the state at its end is to be kept.

    """
    name, before, carry = arguments
    before_then = signal.signal(signal.SIGTERM, _end)  # by itself it would leave what is half written
    reason = ""
    try:
        path = Path(name)
        _wait_for_others(path)
        start = start_of(path)
        if before and start.has_lines and not start.is_synthetic:
            try:
                _insert(path, Path(before), start)
            except StateUnknownError as error:
                reason = str(error)
        if carry:
            carry_state(path, _state_for(start), rules_for(start.header.endpoint))
        if before:
            remove_carried(Path(before))
    except (FeedrecError, OSError, StateUnknownError) as error:
        if not is_full(error):
            sys.exit(str(error))
        echo(str(error), err=True)
        sys.exit(DISK_FULL)
    finally:
        signal.signal(signal.SIGTERM, before_then)
    if reason:
        echo(reason, err=True)
        sys.exit(NO_STATE)


def _wait_for_others(path: Path) -> None:
    """Wait while the process of a recorder that was killed is still at it: it may well succeed."""
    while any(is_being_written(part_path(one)) for one in (work_path(path), carried_path(path))):
        time.sleep(_POLL)


def _insert(path: Path, before: Path, start: FileStart) -> None:
    if not _BROKEN.isdisjoint(start.events):
        raise StateUnknownError("lines may be missing between it and the file before")
    rules = rules_for(start.header.endpoint)
    insert_state(path, state_after(before, start.header, lambda: _state_for(start), rules), rules_for)


def _state_for(start: FileStart) -> StartState:
    venue = venue_of(start.header.endpoint)
    state = None if venue is None else new_state(venue, None)
    if state is None:
        raise StateUnknownError(f"endpoint {start.header.endpoint!r} has no market state to rebuild")
    return cast(StartState, state)


def _end(number: int, _frame: object) -> None:
    sys.exit(128 + number)
