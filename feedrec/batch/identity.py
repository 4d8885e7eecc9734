"""What a recording is, so that another one under its name shows: by its etag, or by its index."""

from __future__ import annotations

from pathlib import Path

from ..errors import RecordingError
from ..formats.catalogue.listing import recording_at
from ..formats.checkpoints.identity import identity_of as identity_by_index
from ..formats.file.names import ZSTD_SUFFIX
from ..formats.places.protocol import StoredObject
from ..formats.places.url_path import UrlPath

__all__ = ["identity_of"]


def identity_of(path: Path, stored: StoredObject | None = None) -> str:
    """
    Return what a recording is.

    Args:
        path: The recording.
        stored: What its place has just said of it, if that was asked.

    Returns:
        `etag ETAG SIZE` of an object; `crc CRC SIZE` of a finished file with an index, wherever it is moved to;
        otherwise `time NANOSECONDS SIZE`, of when it was written.

    Raises:
        RecordingError: If it is not there or cannot be read.

    """
    found = stored or recording_at(path).stored
    if isinstance(path, UrlPath):
        if found.size == 0 and not found.modified:
            raise RecordingError(path, "no such object")
        return f"etag {found.tag} {found.size}" if found.tag else f"time {found.modified} {found.size}"
    if path.name.endswith(ZSTD_SUFFIX):
        by_index = identity_by_index(path)
        if by_index is not None:
            return f"crc {by_index.crc:08x} {by_index.size}"
    if not found.modified:
        raise RecordingError(path, "no such file")
    return f"time {found.modified} {found.size}"
