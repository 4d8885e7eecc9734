"""
The state at the end of a finished file, beside it, for the file of the same run that goes on from there.

`NAME.carried` is a recording in itself: the header of NAME, and a synthetic snapshot of each book and whatever else has
one. So the next file can begin with it even if NAME was moved away meanwhile.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ....errors import RecordingError
from ....model import Frame, FrameInfo, Header
from ...file.growing.growing_file import GrowingFile
from ...file.lock import is_being_written
from ...file.modes import same_mode_as
from ...file.names import carried_path, part_path
from ...file.opening import open_recording
from ...file.target import FileTarget
from ...line.codec import encode_frame, encode_header
from ...line.index import mark_of
from ...several.inputs import run_identity
from ...stream.zstd_blocks import BlockEncoder
from .gathered_state import GatheredState, StartState

__all__ = ["StateUnknownError", "carry_state", "remove_carried", "state_after"]

Describe = Callable[[bytes], FrameInfo]


class StateUnknownError(Exception):
    """There is no telling the state at the end of a file; the text says why."""


def carry_state(path: Path, state: StartState, describe: Describe) -> None:
    """
    Write the state at the end of a finished file beside it.

    Args:
        path: The file.
        state: An empty state.
        describe: Describes a frame.

    Raises:
        RecordingError: If the file is damaged, or nothing can be written.

    """
    header, frames = _state_of(path, state, describe)
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


def state_after(
    path: Path, header: Header, make_state: Callable[[], StartState], describe: Describe
) -> Iterator[Frame]:
    """
    Yield the state at the end of a file as frames: from what is beside it, or else from the file itself.

    Args:
        path: The file.
        header: The header of the file that goes on from there.
        make_state: Makes an empty state.
        describe: Describes a frame.

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
        before, gathered = _state_of(path, make_state(), describe)
        _require_same_run(before, header)
    except RecordingError as error:
        raise StateUnknownError(f"{error}") from error
    yield from gathered


def remove_carried(path: Path) -> None:
    """Remove what is beside a file, if anything is."""
    with contextlib.suppress(OSError):
        carried_path(path).unlink()


def _state_of(path: Path, state: StartState, describe: Describe) -> tuple[Header, Iterator[Frame]]:
    gathered, last = GatheredState(state), 0
    with open_recording(path) as recording:
        header = recording.header
        if recording.is_part or recording.is_live:
            raise RecordingError(path, "is not finished")
        last = header.created or 0
        for frames, infos in recording.frame_batches(describe=describe):
            for frame, info in zip(frames, infos, strict=True):
                gathered.take(info, 0, frame.conn, frame.payload)
            if frames:
                last = max(last, frames[-1].time)
    return header, (frame for _, frame in gathered.snapshots(last))


def _require_same_run(before: Header, after: Header) -> None:
    same = run_identity(before) == run_identity(after)
    if not same or before.extra.get("part", 1) >= after.extra.get("part", 1):
        raise StateUnknownError("the file before is not of the same run")
