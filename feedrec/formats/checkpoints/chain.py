"""
The files of a recording on which the state of a later one depends.

A book that began with a snapshot in one file goes on in the next one without another. So a checkpoint may depend on
files before its own: it names them, and is used only where all of them are read before its own file.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import PlaceError, RecordingError
from ...model import Header
from ..file.names import previous_path, state_path
from ..file.naming.earlier_paths import earlier_paths
from ..file.opening import open_recording
from ..line.index import Index
from .identity import index_and_identity
from .state_file import StateFile, open_state
from .state_layout import MAX_BEFORE, Checkpoint, FileIdentity, StateDamageError

__all__ = ["ChainedFile", "Start", "chain_of", "follow_each_other", "state_of"]

_MOST_LOOKS = 20  # at files each of which may be the one before


class ChainedFile(msgspec.Struct, frozen=True):
    """
    A finished file of a recording.

    Attributes:
        path: Where it is.
        header: Its first line.
        index: Its index.
        identity: What no other file has.

    """

    path: Path
    header: Header
    index: Index
    identity: FileIdentity

    @property
    def text(self) -> int:
        """Bytes of text in it."""
        return sum(block.text for block in self.index.blocks)


class Start(NamedTuple):
    """
    From where the state of a file must be gathered.

    Attributes:
        files: The files to read, the last one being the one that is meant.
        state: The checkpoints of the first of them, open, whose last one is where to begin; None for its beginning.
        before: The files before the first on which that checkpoint depends, the last one first.

    """

    files: list[ChainedFile]
    state: StateFile | None = None
    before: Sequence[FileIdentity] = ()

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where to begin in the first file; None for its beginning."""
        return None if self.state is None else self.state.directory.checkpoints[-1]

    @property
    def before_last(self) -> list[FileIdentity]:
        """The files before the last of `files` on which its state may depend, the last one first."""
        return [*(one.identity for one in reversed(self.files[:-1])), *self.before][:MAX_BEFORE]

    @property
    def text(self) -> int:
        """Bytes of text that there are to read."""
        whole = sum(one.text for one in self.files)
        if self.checkpoint is None:
            return whole
        return whole - _text_before(self.files[0].index, self.checkpoint.lines)


def chain_of(path: Path, kind: str, *, whole: bool = False) -> Start | None:
    """
    Return what must be read to know the state of a recording's file; None if it has no index.

    Those before it are found by their names. The way back ends at a file that has checkpoints, or goes before no other
    one as far as is known.

    Args:
        path: The file.
        kind: See `StateRules`.
        whole: Whether to take no checkpoints.

    Raises:
        RecordingError: If the file cannot be read.

    """
    last = _look_at(path)
    if last is None:
        return None
    files = [last]
    while len(files) <= MAX_BEFORE:
        before = _file_before(files[0])
        if before is None:
            break
        files.insert(0, before)
        state = None if whole else state_of(before, kind)
        if state is not None:
            return Start(files, state, state.directory.before)
    return Start(files)


def state_of(file: ChainedFile, kind: str) -> StateFile | None:
    """Return the checkpoints beside a file, open; None if there are none that are its own, or they are damaged."""
    try:
        state = open_state(state_path(file.path))
    except (StateDamageError, PlaceError, OSError):
        return None
    if state is None:
        return None
    found = state.directory
    last = found.checkpoints[-1].lines if found.checkpoints else 0
    if found.kind != kind or found.recording != file.identity or not 0 < last <= file.index.lines:
        state.close()
        return None
    return state


def follow_each_other(before: Index, after: Index) -> bool:
    """Return whether all lines of a file are before those of another one, by their times."""
    lasts = [block.last for block in before.blocks if block.last is not None]
    firsts = [block.first for block in after.blocks if block.first is not None]
    return not lasts or not firsts or max(lasts) <= min(firsts)


def _file_before(file: ChainedFile) -> ChainedFile | None:
    """Return the file that goes before another one of the same recording; None if there is none, or it is not whole."""
    if file.header.extra.get("part", 1) == 1:
        return None
    numbered = previous_path(file.path)
    for name in itertools.islice(
        itertools.chain([numbered] if numbered else [], earlier_paths(file.path)), _MOST_LOOKS
    ):
        try:
            before = _look_at(name)
        except RecordingError:
            continue
        if before is not None and _is_part_before(before.header, file.header):
            return before if follow_each_other(before.index, file.index) else None
    return None


def _is_part_before(before: Header, header: Header) -> bool:
    same = all(getattr(before, name) == getattr(header, name) for name in ("endpoint", "url", "created", "software"))
    return same and before.extra.get("part", 1) == header.extra.get("part", 0) - 1


def _look_at(path: Path) -> ChainedFile | None:
    index, identity = index_and_identity(path)
    if index is None or identity is None:
        return None
    with open_recording(path) as recording:
        return ChainedFile(path, recording.header, index, identity)


def _text_before(index: Index, lines: int) -> int:
    """Return about how many bytes of text there are before so many lines."""
    text = 0
    for block in index.blocks:
        lines -= block.lines
        if lines < 0:
            break
        text += block.text
    return text
