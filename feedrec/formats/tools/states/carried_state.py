"""
The state at the end of a finished file, beside it, for the file of the same run that goes on from there.

`NAME.carried` is a recording in itself: the header of NAME, and a synthetic snapshot of each book and whatever else has
one. So the next file can begin with it even if NAME was moved away meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ....errors import LineError, RecordingError
from ....model import Frame, Header, Record
from ...facts.repeats import Repeats, replacements_in
from ...facts.sequence_check import Rules
from ...file.growing.growing_file import GrowingFile
from ...file.lock import is_being_written
from ...file.modes import same_mode_as
from ...file.names import carried_path, part_path
from ...file.opening import open_recording
from ...file.target import FileTarget
from ...line.codec import encode_frame, encode_header
from ...line.fast_path import ReceivedFrames
from ...line.index import mark_of
from ...several.inputs import run_identity
from ...stream.zstd_blocks import BlockEncoder
from .gathered_state import GatheredState, StartState

__all__ = ["StateUnknownError", "carry_state", "remove_carried", "state_after"]


class StateUnknownError(Exception):
    """There is no telling the state at the end of a file; the text says why."""


def carry_state(path: Path, state: StartState, rules: Rules) -> None:
    """
    Write the state at the end of a finished file beside it.

    Args:
        path: The file.
        state: An empty state.
        rules: What the feed knows of its frames.

    Raises:
        RecordingError: If the file is damaged, or nothing can be written.

    """
    header, frames = _state_of(path, state, rules)
    place = carried_path(path)
    if not is_being_written(part_path(place)):  # what a killed process has left
        part_path(place).unlink(missing_ok=True)
    target = FileTarget(place, overwrite=True, mode=same_mode_as(path))
    file = GrowingFile(target, BlockEncoder(), encode_header(header))
    try:
        for frame in frames:
            file.add([(encode_frame(frame), mark_of(frame))])
        file.end()
        target.commit()
    except BaseException:
        target.remove()
        raise


def state_after(path: Path, header: Header, make_state: Callable[[], StartState], rules: Rules) -> Iterator[Frame]:
    """
    Yield the state at the end of a file as frames: from what is beside it, or else from the file itself.

    Args:
        path: The file.
        header: The header of the file that goes on from there.
        make_state: Makes an empty state.
        rules: What the feed knows of its frames.

    Raises:
        StateUnknownError: If the other file does not go on from this one, or nothing tells its state; before the first
            frame.
        RecordingError: If what was carried is damaged; then some frames may have been yielded.

    """
    place = carried_path(path)
    try:
        if place.exists():
            with open_recording(place) as carried:
                _require_same_run(carried.header, header)
                for frames, _ in carried.frame_batches():
                    yield from frames
            return
        before, gathered = _state_of(path, make_state(), rules)
        _require_same_run(before, header)
    except RecordingError as error:
        raise StateUnknownError(f"{error}") from error
    yield from gathered


def remove_carried(path: Path) -> None:
    """Remove what is beside a file, if anything is."""
    with contextlib.suppress(OSError):
        carried_path(path).unlink()


def _state_of(path: Path, state: StartState, rules: Rules) -> tuple[Header, Iterator[Frame]]:
    gathered, last = GatheredState(state), 0
    with open_recording(path) as recording:
        header = recording.header
        if recording.is_part or recording.is_live:
            raise RecordingError(path, "is not finished")
        last = header.created or 0
        received = ReceivedFrames(rules.describe, describe_all=rules.describe_all)
        repeats = Repeats(() if recording.index is None else replacements_in(recording.index))
        for lines in recording.batches():
            others, places = list[Record](), list[int]()
            try:
                frames, infos = received.decode_columns(lines, others, places)
            except LineError as error:
                raise RecordingError(path, f"is damaged: {error}") from error
            if frames:
                gathered.take_all(*repeats.those_that_count(frames, infos, others, places), rules.describe)
                last = max(last, frames[-1].time)
    return header, (frame for _, frame in gathered.snapshots(last))


def _require_same_run(before: Header, after: Header) -> None:
    same = run_identity(before) == run_identity(after)
    if not same or before.extra.get("part", 1) >= after.extra.get("part", 1):
        raise StateUnknownError("the file before is not of the same run")
