"""
Frames on disk.

    lines.py     one line: header, frame, event        received.py  received frames out of lines, fast
    blocks.py    lines to a stream of bytes and back   zstd.py      zstd frames, walked block by block
    index.py     where things are in a recording       walk.py      the same, found without an index
    writer.py    a recording that grows                target.py    the file under its two names
    recording.py a recording that is read              reader.py    the same as lines, zstd or plain
    opening.py   which reader a file needs             passes.py    one reading of a file's lines
    merge.py     several recordings by time            folder.py    those in a folder
    selection.py choosing records                      summary.py   what a recording holds
    histogram.py counts over time
    convert.py   any recording to any other            inputs.py    several recordings read as one
    portions.py  one recording in several files        marks.py     what the index needs of lines, fast
    gzipped.py   lines to gzip and back                splitting.py text to lines, held till verified
    foreign.py   lines of other tools                  importing.py their files as recordings
    parquet.py   lines to Parquet                      parquet_reader.py  and back
    salvage.py   what is left of a damaged one       verify.py    what is wrong with one
    checks.py    what it says held against it        repair.py    saving what is left
    places.py    where the saved one goes            losses.py    what a repair came to
    rereading.py what a reader can save

This package knows no venue: what it needs of one, it is given.
"""

from __future__ import annotations

from .opening import open_recording
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
