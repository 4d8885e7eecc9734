"""Compares the checkpoints beside a recording with what the recording leads to."""

from __future__ import annotations

from pathlib import Path

import msgspec

from ...errors import PlaceError
from ..file.names import state_path
from .chain import Start, chain_of
from .identity import identity_of
from .source import StateRules
from .state_file import StateFile, open_state
from .state_layout import Checkpoint, StateDamageError
from .state_pass import StatePass

__all__ = ["CheckpointReport", "check_checkpoints", "count_checkpoints"]


class CheckpointReport(msgspec.Struct):
    """
    What is beside a recording.

    Attributes:
        count: Checkpoints that can be used.
        problem: What is wrong with the file; empty if nothing is.
        note: Why it is not used, though nothing is wrong; empty if it is.

    """

    count: int = 0
    problem: str = ""
    note: str = ""


def count_checkpoints(path: Path, kind: str) -> int:
    """Return how many checkpoints there are beside a recording that can be used, without reading any."""
    return _look_at(path, kind)[0].count


def check_checkpoints(path: Path, rules: StateRules) -> CheckpointReport:
    """
    Compare the checkpoints beside a recording with the states that it leads to; it is read once more for that.

    Raises:
        RecordingError: If the recording cannot be read.

    """
    report, state = _look_at(path, rules.kind, keep=True)
    if state is None:
        return report
    with state:
        try:
            report.problem = _difference(path, rules, state)
        except (ValueError, OSError) as error:
            report.problem = str(error)
    return report


def _look_at(path: Path, kind: str, *, keep: bool = False) -> tuple[CheckpointReport, StateFile | None]:
    place = state_path(path.resolve())
    try:
        state = open_state(place)
    except (StateDamageError, PlaceError, OSError) as error:
        return CheckpointReport(problem=str(error)), None
    if state is None:
        return CheckpointReport(), None
    found = state.directory
    if found.recording != identity_of(path):
        report = CheckpointReport(note="they are those of another recording, or of an earlier one")
    elif found.kind != kind:
        report = CheckpointReport(note=f"they are of another version: {found.kind}")
    else:
        report = CheckpointReport(len(found.checkpoints))
        if keep:
            return report, state
    state.close()
    return report, None


def _difference(path: Path, rules: StateRules, state: StateFile) -> str:
    """Return where checkpoints differ from what the recording leads to; empty if they do not."""
    start = chain_of(path.resolve(), rules.kind, whole=True)
    if start is None:
        return ""
    state_pass, expected = StatePass(start, rules), {one.lines: one for one in state.directory.checkpoints}
    known = _known_before(start, state)
    for place in state_pass.places(expected):
        one = expected.pop(place.lines, None) if place.is_in_last else None
        if one is not None and (difference := _differs(one, place.time, state_pass, state, known)):
            return difference
    return f"there is no line {min(expected)} in the recording" if expected else ""


def _known_before(start: Start, state: StateFile) -> int:
    """Return how many of the files on which the checkpoints depend are the ones that were read before this one."""
    pairs = zip(start.before_last, state.directory.before, strict=False)
    return next((number for number, (here, named) in enumerate(pairs) if here != named), len(start.before_last))


def _differs(one: Checkpoint, time: int, state_pass: StatePass, state: StateFile, known: int) -> str:
    where = f"the checkpoint after line {one.lines}"
    if one.time < time:
        return f"{where} is said to be at an earlier time than lines before it"
    states = state_pass.states()
    for blob in one.blobs:
        dumped = state.read(blob)
        if blob.since <= known and states.get((blob.channel, blob.product)) != (dumped, blob.since):
            return f"{where} has another {blob.channel} of {blob.product} than the recording"
    return ""
