"""When the last frame of a recording was received, as far as that can be known without reading all of a large file."""

from __future__ import annotations

from pathlib import Path

from ...errors import RecordingError
from ...formats import open_recording
from ...formats.file.lock import is_being_written
from ...formats.file.names import is_part
from ...formats.several.glance import glance
from ...model import Frame
from .unchanged_files import UnchangedFiles

__all__ = ["MOST_READ", "last_frame_time"]

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


def _find(path: Path) -> int | None:
    try:
        seen = glance(path)
        if seen is not None:
            last = seen.facts.received.last
            return None if last is None else last[1]
        if path.stat().st_size > MOST_READ:
            return None
        time = None
        with open_recording(path) as recording:
            for record in recording:
                if isinstance(record, Frame) and record.direction == "in":
                    time = record.time
    except (OSError, RecordingError):
        return None
    return time
