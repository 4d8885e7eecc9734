"""What a command writes: to a file or folder here, or to a URL by way of a temporary one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .live.progress import reading
from .signals import ending_between_steps

if TYPE_CHECKING:
    from ..formats.file.modes import FileMode
    from ..formats.staging.staged import Staging

__all__ = ["OUTPUT", "Output", "check_folder", "check_output", "refuse_url", "written_to"]


class _Output(click.Path):
    """A file or folder to write, or the URL of one."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from ..formats.places.url_path import UrlPath, place_of

        if value == "":  # a variable of a script that is not set; as a path it would be the current folder
            self.fail("it is empty: name a file or folder, the current one as .", param, ctx)
        place = place_of(value)
        return place if isinstance(place, UrlPath) else super().convert(value, param, ctx)


OUTPUT = _Output()


class Output:
    """
    Where a command writes.

    Args:
        path: The file or folder.
        staging: Through which it gets to a URL; None if it does not.

    """

    def __init__(self, path: Path, staging: Staging | None = None) -> None:
        self.path = path
        self._staging = staging

    def mode(self, wanted: FileMode | None) -> FileMode | None:
        """Return who may read the files that are written here; None for those who may read all inputs."""
        from ..formats.file.modes import PRIVATE

        return wanted if self._staging is None else PRIVATE

    def finish(self, files: Sequence[Path]) -> list[Path]:
        """
        Upload what was written, if it is for a URL; return where it is.

        Raises:
            RecordingExistsError: If an object has the name of one by now.
            PlaceError: If one cannot be uploaded.

        """
        from ..formats.file.names import state_path

        if self._staging is None:
            return list(files)
        what = files[0].name if len(files) == 1 else f"{len(files):,} files"
        with reading(f"uploading {what}") as show, ending_between_steps() as end_if_noted:

            def on_waiting(done: int, size: int) -> None:
                end_if_noted()
                show(done, size)

            return self._staging.upload(files, state_path, on_waiting)


def check_output(
    target: Path, inputs: Sequence[Path], *, overwrite: bool, mode: FileMode | None, is_split: bool = False
) -> None:
    """
    Refuse a URL to which a file cannot be written, before there is any work; whatever is no URL is checked later.

    Args:
        target: The output.
        inputs: What is read.
        overwrite: Whether what is there may be replaced.
        mode: Who may read it, if that was said.
        is_split: Whether files are written whose names are made of that of the output, with a number.

    Raises:
        UsageError: If it cannot be written to, or is one of the inputs.
        RecordingExistsError: If it is there, or one of the files of which it will consist.
        PlaceError: If the store cannot be asked.

    """
    from ..formats.file.names import recording_number
    from ..formats.places.url_path import UrlPath
    from ..formats.staging.targets import refuse_target

    if isinstance(target, UrlPath):
        _refuse_mode(target, mode)
        if target in inputs:
            raise UsageError(f"{target} is both input and output: choose another name for the output")
        is_ours = (lambda name: recording_number(target, name) is not None) if is_split else None
        refuse_target(target, overwrite=overwrite, is_ours=is_ours)


def check_folder(target: Path, *, mode: FileMode | None) -> None:
    """Refuse a URL below which no files can be written; raises as `check_output` does."""
    from ..formats.places.url_path import UrlPath
    from ..formats.staging.targets import refuse_target

    if isinstance(target, UrlPath):
        _refuse_mode(target, mode)
        refuse_target(target, is_folder=True)


@contextlib.contextmanager
def written_to(target: Path, *, overwrite: bool, is_folder: bool = False) -> Iterator[Output]:
    """
    Give where to write what is for a file, a folder or a URL.

    Args:
        target: The file, folder or URL.
        overwrite: Whether what is there may be replaced.
        is_folder: Whether it is a folder: no file in it gets the name of what is there, unless that may be replaced.

    Raises:
        WriteError: If no temporary folder can be made.
        PlaceError: If the store cannot be asked what is there.

    """
    from ..formats.places.url_path import UrlPath

    if not isinstance(target, UrlPath):
        yield Output(target)
        return
    from ..formats.staging.staged import staged

    with ending_between_steps(), staged(target, overwrite=overwrite) as staging:
        if is_folder:
            staging.path.mkdir()
            staging.take_names()
        yield Output(staging.path, staging)


def refuse_url(target: Path | str, instead: str) -> None:
    """
    Refuse a URL where only a file or folder of this machine will do.

    Args:
        target: What was given.
        instead: What to do, after a colon.

    Raises:
        UsageError: If it is a URL.

    """
    if "://" not in str(target):
        return
    from ..formats.places.url_path import UrlPath, place_of

    if isinstance(place_of(target), UrlPath):
        raise UsageError(f"{target} is a URL: {instead}")


def _refuse_mode(target: Path, mode: FileMode | None) -> None:
    if mode is not None:
        raise UsageError(f"--file-mode is for files of this machine: who may read {target}, its bucket says")
