"""What a run writes to if nothing is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ...formats.file.growing.disk_standing import DiskStanding
from ...formats.file.growing.files_so_far import FilesSoFar
from ...formats.line.frame_run import FrameRun
from ...formats.line.index import Mark
from ...model import FrameInfo, Record

__all__ = ["NullWriter"]


class NullWriter:
    """What a run writes to if a program only wants its frames; see `GrowingRecording`."""

    path = Path(os.devnull)
    file_size = 0
    backlog = 0
    is_full = False
    memory_is_full = memory_is_exhausted = has_no_room = False
    places: list[Path] = []  # noqa: RUF012  never anything in it
    frames_lost = 0
    disk = DiskStanding()
    failure = None

    def __init__(self) -> None:
        self.on_drained: Callable[[], object] = lambda: None

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Drop it."""

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Drop it."""

    def write_run(self, run: FrameRun) -> None:
        """Drop it."""

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        """Tell that there are none."""
        callback(FilesSoFar([], None, 0))

    def flush(self) -> None:
        """Do nothing."""

    def finish(self, patience: float | None = None) -> Path:  # noqa: ARG002
        """Do nothing: there is nothing to finish."""
        return self.path

    def discard(self) -> None:
        """Do nothing: there is nothing to remove."""
