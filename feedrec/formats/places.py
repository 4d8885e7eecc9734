"""Where a repaired recording goes, and keeping recorders away from files meanwhile."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import RecordingError, RecordingExistsError
from .recording import RecordingFile
from .target import PART_SUFFIX

__all__ = ["JOURNAL_SUFFIX", "WORK_MARK", "is_locked", "locked", "repaired_path", "work_path"]

JOURNAL_SUFFIX = ".parquet.jsonl.zst"
"""What the name of a journal ends with, from which a Parquet file is made."""

WORK_MARK = ".repairing"
"""What the name of a file that a repair is writing has before its suffix."""

_SUFFIXES = (JOURNAL_SUFFIX, ".jsonl.zst", ".jsonl", ".jsonl.gz", ".parquet", ".zst")


def repaired_path(path: Path, *, in_place: bool = False) -> Path:
    """Give the name that the repaired recording has, if no other is asked for."""
    name = path.name.removesuffix(PART_SUFFIX)
    if name.endswith(JOURNAL_SUFFIX):
        return path.with_name(name.removesuffix(".jsonl.zst"))
    if in_place or name != path.name:
        return path.with_name(name)
    suffix = next((suffix for suffix in _SUFFIXES if name.endswith(suffix)), "")
    new_suffix = suffix if suffix.startswith((".jsonl", ".parquet")) else ".jsonl.zst"
    return path.with_name(f"{name.removesuffix(suffix)}.repaired{new_suffix}")


def work_path(output: Path) -> Path:
    """Give the name under which the new file is written; what a repair that was killed left there is removed."""
    suffix = next((end for end in _SUFFIXES if output.name.endswith(end)), "")
    work = output.with_name(f"{output.name.removesuffix(suffix)}{WORK_MARK}{suffix or output.suffix}")
    with contextlib.suppress(OSError):  # whoever creates it will say
        work.unlink()
    part = work.with_name(work.name + PART_SUFFIX)
    if os.path.exists(part):  # noqa: PTH110  Path.exists may raise
        if is_locked(part):
            raise RecordingExistsError(output, "another repair is writing it")
        part.unlink()
    return work


def is_locked(path: Path) -> bool:
    """Tell whether somebody writes a file; what went meanwhile, or is no file, nobody does."""
    try:
        file = RecordingFile(path)
    except RecordingError:
        return False
    try:
        return file.is_locked()
    finally:
        file.close()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep recorders away from a file, or be refused if one is writing it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RecordingExistsError(path, "is being written: stop the recorder first, it closes the file") from None
        except OSError:  # a file system without locks
            pass
        yield
    finally:
        os.close(descriptor)
