"""
Recordings on disk, in subpackages that build on each other.

    line/         one line, and what is known about it
    facts/        what the lines of a file tell: its index, and the summary in it
    stream/       lines to bytes and back
    places/       where recordings live: files here, objects in a store
    staging/      what is written to a URL
    file/         one recording as a file
    several/      several recordings at once
    catalogue/    what there is in a folder of recordings
    checkpoints/  states beside recordings
    foreign/      files of other tools
    tools/        convert, summarise, verify, repair
    dedupe/       one recording of several of the same feed

Nothing here depends on a venue: what it needs to know about one is passed in. Nothing is loaded until it is used: who
reads needs no writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazy import offer

if TYPE_CHECKING:
    from .file.creating import create_recording
    from .file.exchanges import exchange_at, exchanges_in
    from .file.line_reader import RecordingReader
    from .file.opening import open_recording
    from .file.recording import Recording
    from .file.writer import RecordingWriter
    from .line.http_events import exchange_of, http_event
    from .line.selection import Selection

__all__ = [
    "Recording",
    "RecordingReader",
    "RecordingWriter",
    "Selection",
    "create_recording",
    "exchange_at",
    "exchange_of",
    "exchanges_in",
    "http_event",
    "open_recording",
]

__getattr__ = offer(
    __name__,
    {
        "Recording": "file.recording",
        "RecordingReader": "file.line_reader",
        "RecordingWriter": "file.writer",
        "Selection": "line.selection",
        "create_recording": "file.creating",
        "exchange_at": "file.exchanges",
        "exchange_of": "line.http_events",
        "exchanges_in": "file.exchanges",
        "http_event": "line.http_events",
        "open_recording": "file.opening",
    },
)
