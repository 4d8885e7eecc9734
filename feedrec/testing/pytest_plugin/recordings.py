"""What is known of a recording before it is replayed: whether it is there, whole, and not too old."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Hashable
from pathlib import Path

import pytest

from ...errors import FeedrecError, NotARecordingError, ObjectMissingError
from ...formats import open_recording
from ...formats.file.recording_file import RecordingFile
from ...formats.places.url_path import UrlPath
from .record_modes import age_warning, how_to_make

__all__ = ["OldRecordingWarning", "is_made_since", "require_whole"]

_LFS = b"version https://git-lfs.github.com/spec/"
"""How a file begins that stands for one in Git LFS (https://github.com/git-lfs/git-lfs, docs/spec.md)."""

_whole: dict[Path, Hashable] = {}
"""Files that this process has read to their end, as they were then."""


class OldRecordingWarning(pytest.PytestWarning):
    """A recording is older than `--feed-max-age` allows."""


def require_whole(path: Path, to: str | None, max_age: int | None) -> None:
    """
    Check that a recording is there and can be read to its end, which is done once for each file; warn if it is old.

    Args:
        path: The recording.
        to: Where it would be recorded from; None if that is not known.
        max_age: How old it may be, in nanoseconds; None for as old as it likes.

    Raises:
        NotARecordingError: If it is missing, or no recording.
        DamagedRecordingError: If it is damaged.
        RecordingError: If it cannot be read for another reason.

    """
    identity = _identity_of(path, to)
    if _whole.get(path) == identity:
        return
    try:
        created = _read_all(path)
    except NotARecordingError:
        if _begins_with(path, _LFS):
            raise NotARecordingError(path, "stands for a file in Git LFS: fetch that with `git lfs pull`") from None
        raise
    warning = age_warning(path.name, created, time.time_ns(), max_age)
    if warning is not None:
        warnings.warn(OldRecordingWarning(warning), stacklevel=2)
    _whole[path] = identity


def _identity_of(path: Path, to: str | None) -> Hashable:
    if isinstance(path, UrlPath):
        from ...formats.places.seen_objects import seen_object  # noqa: PLC0415  for URLs only

        try:
            return seen_object(path).of
        except ObjectMissingError as error:
            raise NotARecordingError(path, error.reason) from error
    try:
        status = path.stat()
    except FileNotFoundError:
        raise NotARecordingError(path, how_to_make(to)) from None
    except OSError as error:
        raise NotARecordingError(path, f"cannot be read: {error.strerror}") from error
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _read_all(path: Path) -> int:
    """Read a recording to its end, but one that is still being written; return when it was begun."""
    with open_recording(path) as recording:
        if not recording.is_live:
            for _ in recording.payload_batches():
                pass
        return recording.header.created


def _begins_with(path: Path, head: bytes) -> bool:
    with contextlib.closing(RecordingFile(path)) as file:
        return file.read_at(0, len(head)) == head


def is_made_since(path: Path, time: int) -> bool:
    """Return whether there is a recording that was begun at a time, in nanoseconds, or later."""
    try:
        with open_recording(path) as recording:
            return recording.header.created >= time
    except FeedrecError:
        return False
