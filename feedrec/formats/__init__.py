"""
Frames on disk.

    lines.py     one line: header, frame, event        received.py  received frames out of lines, fast
    blocks.py    lines to a stream of bytes and back   zstd.py      zstd frames, walked block by block
    writer.py    a recording that grows                target.py    the file under its two names
    reader.py    a recording that is read              summary.py   what a recording holds
    selection.py choosing records

This package knows no venue: what it needs of one, it is given.
"""

from .reader import RecordingReader
from .writer import RecordingWriter, create_recording

__all__ = ["RecordingReader", "RecordingWriter", "create_recording", "open_recording"]

open_recording = RecordingReader
"""Open a recording for reading; see `RecordingReader`."""
