"""Repairs the recordings in a folder: each that needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ...errors import RecordingError, RecordingExistsError, WriteError
from ..file.names import is_journal, repaired_path
from ..places.url_path import UrlPath
from ..several.folder import find_recordings
from .repair_result import Repair
from .verify import Verification

__all__ = ["Outcome", "needs_repair", "repair_folder"]

_NOT_OF_THE_FILE = {"gap", "time"}  # problems of what was recorded, which a new file has as well


class Outcome(NamedTuple):
    """
    What became of one recording.

    Attributes:
        path: The recording.
        repair: The repair; None if there was none.
        error: Why it could not be repaired; None if it could, or need not.
        is_live: Whether it is being written, and was left alone.

    """

    path: Path
    repair: Repair | None = None
    error: RecordingError | None = None
    is_live: bool = False


def needs_repair(verification: Verification) -> bool:
    """Return whether a repair changes anything: a journal becomes Parquet, even if it is good."""
    kinds = {problem.kind for problem in verification.problems}
    return bool(kinds - _NOT_OF_THE_FILE) or is_journal(verification.path)


def repair_folder(
    folder: Path,
    *,
    verify: Callable[[Path], Verification],
    repair: Callable[[Path, Path | None], Repair],
    target: Path | None = None,
) -> Iterator[Outcome]:
    """
    Verify the recordings in a folder, in the order of their names, and repair those that need it.

    Args:
        folder: The folder; what is in folders within it is left alone, unless it has no recording itself.
        verify: Verifies a file.
        repair: Writes what can be saved of a file to the second path, or if that is None to its `repaired_path`.
        target: The folder of the new files, which keep their names there, and their folders; made if need be. None to
            put them beside the old ones.

    Raises:
        NotARecordingError: If there is no recording in the folder.
        RecordingError: If the folder cannot be read, or that of the new files not be made.

    """
    found = find_recordings([folder], by_name=True)
    if target is not None:
        _make(target)
    for path in found:
        try:
            verification = verify(path)
            if verification.is_live:
                yield Outcome(path, is_live=True)
            elif not needs_repair(verification):
                yield Outcome(path)
            else:
                yield Outcome(path, repair(path, target and _output(path, folder, target)))
        except RecordingError as error:
            yield Outcome(path, error=error)


def _output(path: Path, folder: Path, target: Path) -> Path:
    """Return the name of a new file, in as many folders below the target as the old one is below its folder."""
    place = target
    for name in path.parent.relative_to(folder).parts:
        place /= name
        _make(place)
    return place / repaired_path(path, in_place=True).name


def _make(folder: Path) -> None:
    if isinstance(folder, UrlPath):
        return  # there are no folders but in the names of objects
    try:
        folder.mkdir(exist_ok=True)
    except FileExistsError:
        raise RecordingExistsError(folder, "is no folder: name one for the new recordings") from None
    except OSError as error:
        raise WriteError(folder, f"cannot be made: {error.strerror}") from error
