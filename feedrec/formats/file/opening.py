"""Opens a recording with the reader it needs, under whichever of its names it has now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ...errors import NotARecordingError
from ..places.url_path import is_there, place_of
from .names import later_paths
from .recording import Recording
from .recording_file import RecordingFile

__all__ = ["begins_as_parquet", "has_own_reader", "open_recording", "under_current_name"]

_Result = TypeVar("_Result")

_PARQUET = b"PAR1"


def open_recording(path: Path | str, *, wait: Callable[[], bool] | None = None, once: bool = False) -> Recording:
    """
    Open a recording for reading, in whatever format it is.

    Args:
        path: The file, finished or with the suffix `.part`; or a URL such as `s3://bucket/x.jsonl.zst`. Its first bytes
            tell its format, not its name.
        wait: Follows a file that is still being written: called each time its end is reached; returns whether to
            continue. Without it, reading ends with what the file holds at that moment. Has no effect on Parquet.
        once: Whether it is read only once, from beginning to end: then what comes from a pipe, such as /dev/stdin, is
            not kept in a temporary file. Has no effect on Parquet.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is not a regular file.
        RecordingError: If it cannot be opened.

    """
    path = place_of(path)
    if _is_parquet(path):
        from .parquet.parquet_recording import ParquetRecording  # noqa: PLC0415  loads pyarrow

        return ParquetRecording(path)
    from .line_reader import RecordingReader  # noqa: PLC0415  not needed for what an index says

    return RecordingReader(path, wait=wait, once=once)


def under_current_name(path: Path, use: Callable[[Path], _Result]) -> _Result:
    """
    Use a recording that may have been renamed since it was found.

    A recorder finishes `x.jsonl.zst.part` as `x.jsonl.zst`, and a journal `x.parquet.jsonl.zst` as `x.parquet`.

    Args:
        path: Its name when it was found.
        use: Called with its present name.

    Raises:
        NotARecordingError: If there is no recording under any of its names.

    """
    missing: NotARecordingError | None = None
    for later in later_paths(path):
        try:
            return use(later)
        except NotARecordingError as error:
            if is_there(later):
                raise
            missing = missing or error
    assert missing is not None  # noqa: S101  for mypy
    raise missing


def has_own_reader(head: bytes) -> bool:
    """Return whether a file with these first bytes is gzip or Parquet, which only its own reader can salvage."""
    from ..stream.gzip_members import looks_like_gzip  # noqa: PLC0415  loads the encoder, too

    return looks_like_gzip(head) or begins_as_parquet(head)


def begins_as_parquet(head: bytes) -> bool:
    """Return whether a file with these first bytes is Parquet."""
    return head.startswith(_PARQUET)


def _is_parquet(path: Path) -> bool:
    file = RecordingFile(path, once=True)
    try:
        return begins_as_parquet(file.read_at(0, len(_PARQUET)))
    finally:
        file.close()
