"""
Makes the checkpoints of finished recordings, by one pass over what they depend on.

A recording is never rewritten: what is made goes into a file beside it, which replaces an earlier one. Where nothing is
due, there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..file.lock import remove_state
from ..file.modes import same_mode_as
from ..file.names import state_path
from .chain import Start, chain_of
from .source import LEAST_TEXT, Spacing, StateRules
from .state_file import StateWriter
from .state_pass import StatePass

__all__ = ["make_checkpoints"]


def make_checkpoints(
    path: Path,
    rules: StateRules,
    *,
    spacing: Callable[[], Spacing] = Spacing,
    least: int = LEAST_TEXT,
    on_read: Callable[[], object] = lambda: None,
) -> int:
    """
    Write the checkpoints that are due in a recording, or remove those that it had if none are.

    Args:
        path: The recording; if it is one file of several, those before it are found by their names.
        rules: How states are written down.
        spacing: Makes what tells when one is due.
        least: Less text than this has none.
        on_read: Called now and then.

    Returns:
        How many there are.

    Raises:
        RecordingError: If a recording is damaged or cannot be read.
        OSError: If they cannot be written; then they are as they were.

    """
    path = path.resolve()
    start = chain_of(path, rules.kind)
    if start is None:
        return 0
    try:
        if start.text <= least:
            remove_state(path)
            return 0
        return _make(path, start, rules, spacing(), on_read)
    finally:
        if start.state is not None:
            start.state.close()


def _make(path: Path, start: Start, rules: StateRules, spacing: Spacing, on_read: Callable[[], object]) -> int:
    state_pass = StatePass(start, rules)
    writer = StateWriter(state_path(path), same_mode_as(path))
    try:
        for place in state_pass.places():
            on_read()
            spacing.passed(place.text)
            if not spacing.is_due:
                continue
            states = state_pass.states()
            if states and spacing.takes(sum(len(state) for state, _ in states.values())) and place.is_in_last:
                writer.add(place.lines, place.time, states)
    except BaseException:
        writer.discard()
        raise
    if not writer.count:
        writer.discard()
        remove_state(path)
        return 0
    writer.commit(rules.kind, start.files[-1].identity, start.before_last)
    return writer.count
