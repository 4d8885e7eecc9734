"""When the last frame of a recording was received, as far as that can be known without reading all of a large file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...errors import LineError, RecordingError
from ...formats import open_recording
from ...formats.file.lock import is_being_written
from ...formats.file.names import is_part
from ...formats.line.codec import decode_line
from ...formats.several.glance import glance
from ...model import Frame
from .unchanged_files import UnchangedFiles

__all__ = ["MOST_READ", "last_frame_time", "last_received"]

MOST_READ = 32 << 20
"""Bytes of a file without a summary that are read for it."""

_found: UnchangedFiles[int | None] = UnchangedFiles()


def last_frame_time(path: Path) -> int | None:
    """
    Return the wall time of the last received frame of a recording, in nanoseconds.

    It is None if the file still grows, has no frame, cannot be read, or is large and does not say so at its end.
    """
    if is_part(path) or is_being_written(path):
        return None
    return _found.find([path], lambda: _find(path))


def last_received(batches: Iterable[list[bytes]]) -> int | None:
    """
    Return the wall time of the last received frame among lines, in nanoseconds; None if there is none.

    Args:
        batches: The lines, in order; all are read, and of each batch only the last ones decoded.

    Raises:
        LineError: If one of those is no line of a recording.

    """
    time = None
    for lines in batches:
        for line in reversed(lines):
            record = decode_line(line)
            if isinstance(record, Frame) and record.direction == "in":
                time = record.time
                break
    return time


def _find(path: Path) -> int | None:
    try:
        seen = glance(path)
        if seen is not None:
            last = seen.facts.received.last
            return None if last is None else last[1]
        with open_recording(path) as recording:
            if recording.size > MOST_READ:
                return None
            return last_received(recording.batches())
    except (OSError, RecordingError, LineError):
        return None
