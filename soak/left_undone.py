"""What recorders should have finished, shipped or marked as done, and have not."""

from __future__ import annotations

import filecmp
from collections.abc import Collection, Iterator
from pathlib import Path

from feedrec.errors import RecordingError
from feedrec.formats import open_recording
from feedrec.formats.file.names import finished_path, is_part, pending_path

from .disk import recordings_in

__all__ = ["has_header", "left_undone"]


def left_undone(folder: Path, shipped: Path, broken_off: Collection[str]) -> Iterator[str]:
    """
    Yield the files that were not copied as they are, those that are not finished, and marks that are left.

    A recorder may be over before the header of its file is on the disk: it was killed, or the disk was full. Nothing
    can be saved of it then: it stays, and so does its mark.

    Args:
        folder: Where recorders wrote.
        shipped: Where their files were copied.
        broken_off: With what the names of those begin that may have been.

    """
    marks = set(folder.glob("*.pending"))
    for path in recordings_in(folder):
        if is_part(path) and path.name.startswith(tuple(broken_off)) and not has_header(path):
            marks.discard(pending_path(finished_path(path)))
            continue
        copy = shipped / path.name
        if is_part(path) or not copy.exists() or not filecmp.cmp(path, copy, shallow=False):
            yield path.name
    for path in sorted(marks):
        yield path.name


def has_header(path: Path) -> bool:
    """Tell whether a recording was begun on the disk."""
    try:
        with open_recording(path):
            return True
    except RecordingError:
        return False
