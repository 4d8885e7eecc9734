"""Recordings that are made of others: their files, which are left complete or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from ...errors import DamagedRecordingError, RecordingError, TruncatedRecordingError, UsageError
from ...model import Header
from ..file.growing.growing_file import GrowingFile
from ..file.lock import remove_state, unlink_if_at
from ..file.modes import FileMode, mode_as_strict_as
from ..file.stream_target import STDOUT
from ..line.as_written import header_as_written
from ..places.url_path import UrlPath
from .inputs import Input

__all__ = ["FinishedFiles", "creating", "leaving_nothing_behind", "refuse_input"]


class Discardable(Protocol):
    """What writes files, and can give up the present one."""

    def discard(self) -> object:
        """Remove what was begun."""


_BOTH = "{} is both input and output: choose another name for the output"


class FinishedFiles:
    """
    The finished files of a conversion, known by what they are.

    Args:
        paths: Their names; each that is noted is added.

    """

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._files: list[os.stat_result] = []

    def note(self, path: Path) -> None:
        """Note a file that was finished."""
        if path != STDOUT:
            self._files.append(path.stat())
        self._paths.append(path)

    def remove(self) -> None:
        """Remove all of them, unless another file has the name of one by now."""
        for path, file in zip(self._paths, self._files, strict=False):  # stdout alone has no file
            unlink_if_at(file, path)
            remove_state(path)


@contextlib.contextmanager
def leaving_nothing_behind(writer: Discardable, finished: FinishedFiles, *, is_stream: bool) -> Iterator[None]:
    """Remove what was written if that fails, or is interrupted; say so of damage."""
    try:
        yield
    except BaseException as error:
        writer.discard()
        finished.remove()
        if isinstance(error, DamagedRecordingError):
            _refuse_damage(error, "what comes before" if is_stream else "nothing")
        raise


def creating(
    inputs: Sequence[Input], create: Callable[..., GrowingFile], mode: FileMode | None
) -> Callable[[Path, Header], GrowingFile]:
    """Return what begins a file of the output: with the first input's header as it stands, if it is the header."""
    mode = mode or mode_as_strict_as(one.path for one in inputs)

    def create_other(path: Path, header: Header) -> GrowingFile:
        refuse_input(path, inputs)
        kept = header_as_written(inputs[0].header_line) if header is inputs[0].header else header
        return create(path, kept, mode=mode)

    return create_other


def refuse_input(path: Path, inputs: Sequence[Input]) -> None:
    """
    Refuse an output that is one of the inputs.

    Raises:
        UsageError: If it is.

    """
    for one in inputs:
        if isinstance(path, UrlPath) or isinstance(one.path, UrlPath):
            if path == one.path:
                raise UsageError(_BOTH.format(path))
            continue
        are_there = os.path.exists(path) and os.path.exists(one.path)  # noqa: PTH110  Path.exists may raise
        if are_there and path.samefile(one.path):
            raise UsageError(_BOTH.format(path))


def _refuse_damage(error: DamagedRecordingError, written: str) -> NoReturn:
    what = f"{str(error).removeprefix(f'{error.path}: ')}: {written} was written"
    if error.last_time is not None or not isinstance(error, TruncatedRecordingError):
        what += "; `feedrec repair` saves what is good"
    raise RecordingError(error.path, what) from error
