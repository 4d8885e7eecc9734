"""Begins a recording that is written line by line: in a file, or in a stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...model import Header
from ..facts.sequence_check import MakeRule
from ..line.codec import encode_header
from ..places.url_path import place_of
from ..stream.protocols import Encoder
from .growing.file_sequence import FileSequence
from .growing.growing_file import GrowingFile, begin_file
from .modes import USUAL, FileMode
from .target import Target
from .writer import RecordingWriter

__all__ = ["create_recording", "recording_to"]


def create_recording(
    path: Path | str,
    header: Header | bytes,
    *,
    overwrite: bool = False,
    level: int | None = None,
    fsync_interval: float | None = None,
    mode: FileMode = USUAL,
    make_rule: MakeRule | None = None,
) -> RecordingWriter:
    """
    Begin a recording in one file; its suffix determines the format, as for `begin_file`.

    Args:
        path: Its name.
        header: Its first line; as bytes (`Recording.header_line`), a header to be kept verbatim.
        overwrite: Whether a file of that name may be replaced.
        level: Compression level, on the format's own scale; None for its default.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        mode: Who may read it; see modes.py.
        make_rule: As for `begin_file`.

    Raises:
        UsageError, LineError, RecordingExistsError, WriteError: As for `begin_file`.

    """
    file = begin_file(place_of(path), header, overwrite=overwrite, level=level, mode=mode, make_rule=make_rule)
    return RecordingWriter(FileSequence(lambda _number, _time: file, fsync_interval=fsync_interval))


def recording_to(
    target: Target, header: Header, encoder: Encoder, *, on_drained: Callable[[], object] = lambda: None
) -> RecordingWriter:
    """
    Begin a recording that goes to any target, such as a stream.

    Raises:
        WriteError: If the header cannot be written.

    """
    file = GrowingFile(target, encoder, encode_header(header))
    return RecordingWriter(FileSequence(lambda _number, _time: file), on_drained=on_drained)
