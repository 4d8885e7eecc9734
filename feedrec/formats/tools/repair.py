"""
Repairs a recording: writes everything that can be read of a damaged one to a new, undamaged one.

Where something is lost, the new recording has a `damage` event. The input is read under an exclusive lock. The new file
is written under a name of its own and then renamed: a repair that is killed leaves the input as it was.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ...errors import (
    DamagedRecordingError,
    NotARecordingError,
    RecordingError,
    RecordingExistsError,
    UsageError,
    WriteError,
)
from ..facts.sequence_check import Rules
from ..file.creating import create_recording
from ..file.lock import is_being_written, locked, remove_state
from ..file.modes import FileMode, mode_as_strict_as, same_mode_as
from ..file.names import PARQUET_SUFFIX, is_journal, is_part, part_path, repaired_path, work_path
from ..file.opening import has_own_reader, open_recording
from ..file.recording_file import RecordingFile
from ..file.target import move_into_place
from ..file.writer import RecordingWriter
from ..places.url_path import UrlPath
from ..stream.protocols import MAX_LINE
from ..stream.text_form import HEAD, foreign_text
from .repair_result import Loss, Repair
from .salvage_blocks import Salvage, salvage
from .salvage_prefix import PrefixSalvage
from .salvage_writer import SalvageWriter

__all__ = ["Loss", "Repair", "free_work_path", "naming", "repair_recording"]


def repair_recording(  # noqa: PLR0913  as many options as the command has
    path: Path,
    output: Path | None = None,
    *,
    rules_for: Callable[[str], Rules],
    in_place: bool = False,
    finishing: bool = False,
    overwrite: bool = False,
    keeps_old: bool = False,
    keep_unverified: bool = False,
    endpoint: str | None = None,
    mode: FileMode | None = None,
    progress: Callable[[int, int], object] = lambda _done, _size: None,
    max_line: int = MAX_LINE,
) -> Repair:
    """
    Write what can be saved of a recording to a new one.

    Args:
        path: The damaged recording.
        output: The new recording; None for `repaired_path`.
        rules_for: Returns the rules of a feed, by the endpoint in the header.
        in_place: Whether the new file replaces the old one.
        finishing: Whether to remove the old file, and to fail if more is lost of it than a line that is cut off.
        overwrite: Whether a file of the new name may be replaced.
        keeps_old: Whether the old file stays in any case, as the new one is still to be brought where it belongs.
        keep_unverified: Whether to keep lines of damaged blocks, marked.
        endpoint: The endpoint of the recording if its header is lost; None for `raw`.
        mode: Who may read the new file; None for who may read the old one.
        progress: Called now and then with the bytes read and the bytes in the file.
        max_line: Maximum length of a line in bytes.

    Raises:
        NotARecordingError: If it is no recording, or nothing can be saved.
        RecordingExistsError: If the output exists, or the recording is being written.
        RecordingError: If a file cannot be read or written, or `finishing` would leave something out.

    """
    path, output = _old_and_new(path, output, in_place=in_place, overwrite=overwrite)
    with contextlib.closing(RecordingFile(path)) as file, _reading(file, max_line) as source:
        work, result = free_work_path(output), Repair(path, output)
        create = _creating(work, mode or _mode_for(path, in_place=in_place))
        writer = SalvageWriter(result, source, rules_for, create, endpoint, keep_unverified=keep_unverified)
        with naming(work, output):
            identity = writer.run(lambda: progress(source.offset, source.size))
            _refuse_loss(result, work, finishing=finishing)
            move_into_place(work, output, identity, overwrite=overwrite or output == path)
        _remove_if_done(result, file, in_place=in_place or finishing, keeps_old=keeps_old)
        return result


def _creating(work: Path, mode: FileMode) -> Callable[..., RecordingWriter]:
    return functools.partial(create_recording, work, overwrite=True, mode=mode)


def _load_writer(output: Path) -> None:
    """Load what writes Parquet, which takes long, before a recorder would wonder who has the lock of a file."""
    if output.suffix == PARQUET_SUFFIX:
        importlib.import_module("..stream.parquet_encoder", __package__)


def _mode_for(path: Path, *, in_place: bool) -> FileMode:
    """Return the mode of the new file; one that takes the place of the old file keeps its mode, whatever the umask."""
    return same_mode_as(path) if in_place or is_part(path) or is_journal(path) else mode_as_strict_as([path])


def free_work_path(output: Path) -> Path:
    """Return the name under which to write the new file, after removing what a killed repair left there."""
    work = work_path(output)
    with contextlib.suppress(OSError):  # creating the file reports it
        work.unlink()
    part = part_path(work)
    if os.path.exists(part):  # noqa: PTH110  Path.exists may raise
        if is_being_written(part):
            raise RecordingExistsError(output, "another repair is writing it")
        part.unlink()
    return work


@contextlib.contextmanager
def naming(work: Path, output: Path) -> Iterator[None]:
    """Leave no unfinished file behind, and name the intended one in errors."""
    try:
        yield
    except RecordingExistsError as error:
        work.unlink(missing_ok=True)
        if error.path == output:
            reason = "was created by another program meanwhile, and was not replaced"
            raise RecordingExistsError(output, reason) from None
        raise
    except WriteError as error:
        raise WriteError(output, error.reason) from error


def _old_and_new(path: Path, output: Path | None, *, in_place: bool, overwrite: bool) -> tuple[Path, Path]:
    """Return the names of the old and the new file; the new one may be written."""
    if isinstance(path, UrlPath):
        if in_place:
            raise UsageError(f"{path}: nothing is replaced in a store: write the new one elsewhere, with --output")
        if output is None:
            raise UsageError(f"{path}: say where the new recording is to be written, with --output")
    if in_place and path.is_symlink():  # the old file is the target of the link
        path = Path(os.path.realpath(path))
    output = output or repaired_path(path, in_place=in_place)
    if not in_place and _is_same(path, output):
        raise RecordingExistsError(output, "is the recording to be repaired: use --in-place to replace it")
    if os.path.lexists(output) and not (overwrite or (in_place and output == path)):
        raise RecordingExistsError(output, "already exists: choose another name, or use --overwrite")
    _load_writer(output)
    return path, output


def _is_same(path: Path, output: Path) -> bool:
    if isinstance(path, UrlPath):
        return path == output
    return os.path.exists(output) and os.path.exists(path) and output.samefile(path)  # noqa: PTH110  may raise


@contextlib.contextmanager
def _reading(file: RecordingFile, max_line: int) -> Iterator[Salvage | PrefixSalvage]:
    path, head = file.path, file.read_at(0, HEAD)
    if not head:
        raise NotARecordingError(path, "the file is empty: there is nothing to save")
    if reason := foreign_text(head):
        raise NotARecordingError(path, reason)
    if has_own_reader(head):
        with locked(path):
            pass  # only for a moment: the reader takes a locked file for one that is being written
        try:
            recording = open_recording(path)
        except DamagedRecordingError as error:
            raise NotARecordingError(path, f"nothing can be saved: {error.reason}") from error
        with recording:
            yield PrefixSalvage(recording)
        return
    with locked(path):
        yield salvage(file.read_at, file.size(), max_line=max_line)


def _may_remove(result: Repair, *, in_place: bool) -> bool:
    """Return whether the old file is no longer needed; a journal is not, once nothing more can be salvaged from it."""
    return in_place or (is_journal(result.path) and result.output.suffix == PARQUET_SUFFIX and _is_exhausted(result))


def _remove_if_done(result: Repair, file: RecordingFile, *, in_place: bool, keeps_old: bool) -> None:
    result.removed = file.is_here and not keeps_old and _may_remove(result, in_place=in_place)
    if result.removed and result.output != result.path and file.is_at(result.path):
        result.path.unlink()
        remove_state(result.path)


def _refuse_loss(result: Repair, work: Path, *, finishing: bool) -> None:
    """Remove a new recording that is not as whole as a finished one must be, and raise RecordingError."""
    if finishing and not _is_exhausted(result):
        work.unlink(missing_ok=True)
        first = "its header is lost" if result.header != "kept" else result.losses[0].reason
        raise RecordingError(result.path, f"is damaged: {first}")


def _is_exhausted(result: Repair) -> bool:
    return result.header == "kept" and all(loss.lines == 1 and "cut off" in loss.reason for loss in result.losses)
