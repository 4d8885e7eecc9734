"""What a run writes to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ...errors import FeedrecError
from ...formats.file.growing.disk_standing import DiskStanding
from ...formats.file.growing.files_so_far import FilesSoFar
from ...formats.line.frame_run import FrameRun
from ...formats.line.index import Mark
from ...model import FrameInfo, Record

__all__ = ["GrowingRecording"]


class GrowingRecording(Protocol):
    """What a run writes to: a `RecordingWriter`, which documents all of this, or anything with the same methods."""

    on_drained: Callable[[], object]

    @property
    def path(self) -> Path:
        """Where it is, or will be when it is finished."""

    @property
    def file_size(self) -> int:
        """Bytes written to the disk."""

    @property
    def backlog(self) -> int:
        """Bytes of text handed over that are not on their way to the disk."""

    @property
    def is_full(self) -> bool:
        """Whether to hand over nothing until `on_drained`, which is called after this was true."""

    @property
    def memory_is_full(self) -> bool:
        """Whether that is so because the disk takes nothing, or much too little."""

    @property
    def has_no_room(self) -> bool:
        """Whether one who cannot wait for `on_drained` must not hand over more; then `is_full` is true as well."""

    @property
    def places(self) -> list[Path]:
        """The names of its files that are finished or were left unfinished, in order."""

    @property
    def frames_lost(self) -> int:
        """Received frames that were handed over and are not in the recording, since the disk failed."""

    @property
    def memory_is_exhausted(self) -> bool:
        """Whether twice as much waits: even what arrives while a connection is closed is too much then."""

    @property
    def disk(self) -> DiskStanding:
        """How the disk under it stands."""

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more."""

    def write(self, record: Record, info: FrameInfo | None = None) -> None:
        """Hand over a frame or an event."""

    def write_line(self, line: bytes, mark: Mark | None = None) -> None:
        """Hand over one line."""

    def write_run(self, run: FrameRun) -> None:
        """Hand over frames that follow each other."""

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        """Have a function told, in any thread, where the lines handed over so far are; not if that fails."""

    def flush(self) -> None:
        """Have everything that was handed over on its way to the disk at once; return without waiting for it."""

    def finish(self, patience: float | None = None) -> Path:
        """Write everything, and give the recording its final name."""

    def discard(self) -> None:
        """Remove what is not finished."""
