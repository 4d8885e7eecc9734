"""What is known of a finished file without reading it: what a command is told about it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import RecordingError
from ...formats.checkpoints.identity import index_and_identity
from ...formats.file.names import PARQUET_SUFFIX
from ...model import format_time

__all__ = ["FILE_PLACEHOLDERS", "FileFactsKnown", "known_of"]

FILE_PLACEHOLDERS = ("path", "name", "folder", "endpoint", "feed", "frames", "size", "first_time", "last_time")
"""The placeholders of a command that is run for a finished file."""


class FileFactsKnown(NamedTuple):
    """
    What the index of a file says.

    Attributes:
        frames: Received frames; None if nothing says how many.
        first_time: Earliest time of a line in nanoseconds; None if unknown, or there is no line.
        last_time: Latest time of a line.

    """

    frames: int | None = None
    first_time: int | None = None
    last_time: int | None = None

    def told(self, path: Path, endpoint: str, feed: str) -> dict[str, Any]:
        """
        Return everything about a file as a JSON object; a command gets each value as text, and none as nothing.

        Args:
            path: The file; it may be gone.
            endpoint: What it recorded.
            feed: The name of the run.

        """
        path = Path(os.path.abspath(path))  # noqa: PTH100  Path.resolve would follow a link
        try:
            size: int | None = path.stat().st_size
        except OSError:
            size = None
        times = [None if time is None else format_time(time) for time in (self.first_time, self.last_time)]
        values = (str(path), path.name, str(path.parent), endpoint, feed, self.frames, size, *times)
        return dict(zip(FILE_PLACEHOLDERS, values, strict=True))


def known_of(path: Path) -> FileFactsKnown:
    """Return what a finished file says of itself; of Parquet nothing, since its reader is too much to load here."""
    if path.suffix == PARQUET_SUFFIX:
        return FileFactsKnown()
    try:
        index, _ = index_and_identity(path)
    except RecordingError:
        index = None
    if index is None:
        return FileFactsKnown()
    counts = [count for block in index.blocks for channels in block.frames.values() for count in channels.values()]
    firsts = [block.first for block in index.blocks if block.first is not None]
    lasts = [block.last for block in index.blocks if block.last is not None]
    return FileFactsKnown(sum(counts), min(firsts, default=None), max(lasts, default=None))
