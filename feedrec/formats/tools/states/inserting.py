"""
Has a finished file begin with a state: the file is written anew beside, its blocks copied, and then takes its own name.

Killed at any moment, it leaves the file as it was, or as it shall be.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from ....errors import RecordingError, WriteError
from ....model import Event, Frame, Header, Record
from ...facts.sequence_check import Rules
from ...file.creating import create_recording
from ...file.modes import same_mode_as
from ...file.opening import has_own_reader, open_recording
from ...file.recording_file import RecordingFile
from ...file.target import move_into_place
from ...line.codec import encode_frame
from ...line.columns import ReceivedColumns
from ...stream.text_form import HEAD
from ...stream.whole_block import WholeBlock
from ..repair import free_work_path, naming
from ..repair_result import Repair
from ..salvage_blocks import Hole, Salvage, salvage
from ..salvage_prefix import PrefixSalvage
from ..salvage_writer import SalvageWriter

__all__ = ["FileStart", "insert_state", "start_of"]


class FileStart(NamedTuple):
    """
    How a file begins.

    Attributes:
        header: Its first line.
        events: The names of the events before its first received frame.
        is_synthetic: Whether that frame is a synthetic one: then it begins with a state already.
        has_lines: Whether there is any line after the header.

    """

    header: Header
    events: list[str]
    is_synthetic: bool
    has_lines: bool


def start_of(path: Path) -> FileStart:
    """
    Return how a finished file begins.

    Raises:
        RecordingError: If it cannot be read.

    """
    events: list[str] = []
    with open_recording(path) as recording:
        for record in recording:
            if isinstance(record, Event):
                events.append(record.name)
            elif record.direction == "in":
                return FileStart(recording.header, events, record.synthetic, has_lines=True)
        return FileStart(recording.header, events, is_synthetic=False, has_lines=bool(events))


def insert_state(path: Path, frames: Iterable[Frame], rules_for: Callable[[str], Rules]) -> int:
    """
    Have a finished file begin with frames: after its first `clock` event, with the time of that; return how many.

    Args:
        path: The file.
        frames: The frames; read while the file is written anew.
        rules_for: Returns the rules of a feed, by the endpoint in the header.

    Raises:
        RecordingError: If the file is damaged, was replaced meanwhile, or cannot be written; it is as it was.

    """
    file = RecordingFile(path)
    try:
        if has_own_reader(file.read_at(0, HEAD)):
            with open_recording(path) as recording:
                return _insert(path, file, PrefixSalvage(recording), frames, rules_for)
        return _insert(path, file, salvage(file.read_at, file.size()), frames, rules_for)
    finally:
        file.close()


def _insert(
    path: Path,
    file: RecordingFile,
    source: Salvage | PrefixSalvage,
    frames: Iterable[Frame],
    rules_for: Callable[[str], Rules],
) -> int:
    work = free_work_path(path)
    create = functools.partial(create_recording, work, overwrite=True, mode=same_mode_as(path))
    writer = _InsertingWriter(iter(frames), Repair(path, path), source, rules_for, create, None, keep_unverified=False)
    with naming(work, path):
        identity = writer.run(lambda: None)
        if not file.is_at(path):
            work.unlink(missing_ok=True)
            raise WriteError(path, "was replaced by another program meanwhile")
        move_into_place(work, path, identity, overwrite=True)
    return writer.inserted


class _InsertingWriter(SalvageWriter):
    """
    Copies a file, and puts frames in near its beginning; damage is an error.

    Attributes:
        inserted: How many frames were put in.

    """

    def __init__(self, frames: Iterator[Frame], result: Repair, *arguments: object, keep_unverified: bool) -> None:
        super().__init__(result, *arguments, keep_unverified=keep_unverified)  # type: ignore[arg-type]
        self.inserted = 0
        self._frames: Iterator[Frame] | None = frames

    def _hand_over(self, line: bytes, record: Record) -> None:
        is_clock = isinstance(record, Event) and record.name == "clock"
        if not is_clock:
            self._insert(record.time)
        super()._hand_over(line, record)
        if is_clock:
            self._insert(record.time)

    def _hand_over_block(self, block: WholeBlock) -> None:
        self._insert(block.first_mark[0])
        super()._hand_over_block(block)

    def _hand_over_received(self, received: ReceivedColumns) -> None:
        self._insert(received.times[0])
        super()._hand_over_received(received)

    def _take_hole(self, hole: Hole) -> None:
        raise RecordingError(self._result.path, f"is damaged at byte {hole.start}: {hole.reason}")

    def _insert(self, time: int) -> None:
        """Put the frames in, the first time."""
        frames, self._frames = self._frames, None
        for frame in frames or ():
            made = msgspec.structs.replace(frame, time=time)
            super()._hand_over(encode_frame(made), made)
            self.inserted += 1
