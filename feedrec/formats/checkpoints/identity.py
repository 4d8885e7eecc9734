"""Which file of a recording checkpoints are about: a name may lead to another one tomorrow."""

from __future__ import annotations

import zlib
from pathlib import Path

from ..file.names import is_part
from ..file.recording_file import RecordingFile
from ..line.index import Index, read_index
from ..stream.zstd_parser import looks_like_zstd
from .state_layout import FileIdentity

__all__ = ["identity_of", "index_and_identity"]


def identity_of(path: Path) -> FileIdentity | None:
    """
    Return what no other finished recording has; None if it is not finished, or has no index.

    Raises:
        RecordingError: If it cannot be opened or read.

    """
    return index_and_identity(path)[1]


def index_and_identity(path: Path) -> tuple[Index | None, FileIdentity | None]:
    """Return the index of a recording and what no other one has, neither without the other; raises the same."""
    if is_part(path):
        return None, None
    file = RecordingFile(path)
    try:
        if file.is_locked() or not looks_like_zstd(file.read_at(0, 4).ljust(4)):
            return None, None
        size = file.size()
        index = read_index(file.read_at, size)
        if index is None:
            return None, None
        return index, FileIdentity(size, zlib.crc32(file.read_at(index.end, size - index.end)))
    finally:
        file.close()
