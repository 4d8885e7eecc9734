"""
Frames on disk.

    lines.py     one line: header, frame, event        received.py  received frames out of lines, fast
    blocks.py    lines to a stream of bytes and back   zstd.py      zstd frames, walked block by block
    index.py     where things are in a recording       walk.py      the same, found without an index
    writer.py    a recording that grows                target.py    the file under its two names
    recording.py a recording that is read              reader.py    the same as lines, zstd or plain
    passes.py    one reading of a file's lines         summary.py   what a recording holds
    selection.py choosing records

This package knows no venue: what it needs of one, it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .reader import RecordingReader
from .recording import Recording
from .selection import Selection
from .writer import RecordingWriter, create_recording

__all__ = [
    "Recording",
    "RecordingReader",
    "RecordingWriter",
    "Selection",
    "create_recording",
    "open_recording",
]


def open_recording(path: Path | str, *, wait: Callable[[], bool] | None = None) -> Recording:
    """
    Open a recording for reading, in whatever format it is.

    Args:
        path: The file, finished or with `.part` at its end. What it is, is told from its first bytes, not its name.
        wait: Follow a file that is still being written: called each time its end is reached, it returns whether to go
            on. Without it, reading ends with what the file holds at that moment.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is no regular file.
        RecordingError: If it cannot be opened.

    """
    return RecordingReader(path, wait=wait)
