"""
The files of one recording, one after another: a single one, or those of a rotation.

One thread adds lines. What only waits for the storage device, fsync and final names, is done by a thread of its own.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ....errors import WriteError
from ...line.frame_run import FrameRun
from ...stream.whole_block import WholeBlock
from ..stream_target import StreamTarget
from .disk_standing import DiskStanding
from .files_so_far import FilesSoFar
from .finishing import Finishing
from .growing_file import GrowingFile, Line
from .size_limit import SizeLimit
from .unwritten import Unwritten

__all__ = ["LAST_PATIENCE", "FileSequence"]

LAST_PATIENCE = 1.0
"""The patience, see `Finishing.wait`, with what is left to do after a failure."""

_STALLED_AFTER = 0.4  # seconds in one call to the operating system


class FileSequence:
    """
    The files of one recording.

    Args:
        begin: Creates the file of a number, which begins at a wall time in nanoseconds, if that is known.
        first: The first number.
        limit: Bytes after which a new file begins; None for no limit.
        ratio: Bytes in a file per byte of text, as long as nothing better is known.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        patience: Seconds for which the name of a finished file is tried again; None if errors are final.
        on_finished: Called with the name of each finished file, in another thread.

    Attributes:
        number: The number of the present file, or of the last one.
        path: Its name.
        identity: Which file it is, whatever its names lead to.

    Raises:
        FeedrecError: If the first file cannot be created.

    """

    def __init__(
        self,
        begin: Callable[[int, int | None], GrowingFile],
        *,
        first: int = 1,
        limit: int | None = None,
        ratio: float = 1.0,
        fsync_interval: float | None = None,
        patience: float | None = None,
        on_finished: Callable[[Path], object] = lambda _: None,
    ) -> None:
        self._begin = begin
        self._limit = SizeLimit(limit, ratio)
        self._fsync_interval = fsync_interval
        self.number = first
        self._file: GrowingFile | None = begin(first, None)
        self.path, self.identity = self._file.target.path, self._file.target.identity
        self._is_new = False  # the present file has no lines, and is not the first
        self._done_size = self._done_text = 0  # of the files before
        self._left: GrowingFile | None = None  # the last one, closed as it was
        self._todo = Unwritten()
        self._turns_at: int | None = None  # the time at which the next file begins, if that is known
        self._is_ending = False  # the present file
        self._is_last = False
        self._busy_since: float | None = None  # in a call that is not a write
        self._next_sync = None if fsync_interval is None else time.monotonic() + fsync_interval
        self._finishing = Finishing(patience, on_finished)
        self.free_space = self._file.target.free_space  # a moment ago; to ask may take long

    @property
    def refusal(self) -> str | None:
        """Why the disk takes nothing at the moment; None if it does, or that is not known."""
        return None

    def standing(self, now: float, waiting: float) -> DiskStanding:
        """Return how the disk stands, at a time at which the oldest line has waited for so many seconds."""
        refusal = self.refusal or ("it does not answer" if self.is_stalled(now) else None)
        free = None if math.isinf(self.free_space) else int(self.free_space)
        return DiskStanding(refusal, free, max(waiting, 0.0), len(self._finishing.places))

    @property
    def size(self) -> int:
        """Bytes written, in all files."""
        file = self._file
        return self._done_size + (0 if file is None else file.size)

    @property
    def text_size(self) -> int:
        """Bytes of text added, headers and newlines included, in all files."""
        file = self._file
        return self._done_text + self._todo.text + (0 if file is None else file.text_size)

    @property
    def unsafe_text(self) -> int:
        """Bytes of the text added that is not wholly with the operating system."""
        return self._todo.text + (0 if self._file is None else self._file.held_text)

    @property
    def held_frames(self) -> int:
        """Received frames among the lines added that are not wholly with the operating system."""
        held = [] if self._file is None else self._file.held
        return sum(mark[2] is not None for _, mark in itertools.chain(held, self._todo.lines))

    @property
    def places(self) -> list[Path]:
        """Where the files are that are finished, or were left as they were, in order."""
        return list(self._finishing.places)

    @property
    def so_far(self) -> FilesSoFar | None:
        """Where the lines added are, for the thread that adds them; None if some are in no file yet."""
        file = self._file
        if file is None or self._todo.lines:
            return None
        growing = None if isinstance(file.target, StreamTarget) else file.target.path
        return FilesSoFar(self._finishing.all_places, growing, file.lines)

    @property
    def frames_gone(self) -> int:
        """Received frames of files that were removed by another program and could not be copied."""
        return self._finishing.frames_gone

    @property
    def unfinished(self) -> int:
        """Number of files that have their end, and wait for their final name."""
        return self._finishing.waiting

    @property
    def accepts(self) -> bool:
        """Whether lines should be added: the disk takes them."""
        return self._file is not None and not self._is_ending and not self._is_refused

    @property
    def _is_refused(self) -> bool:
        """Whether the disk has refused something, and that is to be tried again."""
        return False

    def is_stalled(self, now: float) -> bool:
        """Return whether the disk takes nothing at the moment."""
        file = self._file
        since = self._busy_since or (None if file is None else file.target.busy_since)
        return self._is_refused or (since is not None and now - since > _STALLED_AFTER)

    def add(self, lines: Sequence[Line], now: float) -> None:
        """
        Add lines; if the disk refuses, they are kept.

        Raises:
            WriteError: If it refuses for good.

        """
        self._todo.add(lines)
        self._work(now)

    def add_run(self, run: FrameRun | WholeBlock, now: float) -> None:
        """Add frames that follow each other, or a block as it is; as `add`."""
        file = self._file
        if file is None or self._todo.lines or self._is_new or self._limit.is_set or not self.accepts:
            self.add(run.lines(), now)
        else:
            self._todo.pass_by(run.last_mark)
            self._attempt(lambda: file.add_run(run), now)

    def flush(self, now: float) -> None:
        """Have every line wholly with the operating system, if the disk takes it; raises as `add` does."""
        if self._file is not None and self.accepts:
            self._attempt(self._file.flush, now)

    def turn(self, now: float, time: int) -> None:
        """Have the next line, of that wall time, begin a new file; raises as `add` does."""
        if self._file is not None:
            self._turns_at = time
            self._end_file(now)

    def tick(self, now: float, waiting: int, *, hurry: bool = False) -> None:  # noqa: ARG002
        """
        Do what is due; called several times a second.

        Args:
            now: Seconds of the steady clock.
            waiting: Bytes that wait in memory, for the log.
            hurry: Whether the recording is to end: nothing is put off that might succeed.

        Raises:
            FeedrecError: If the disk has refused for too long, or an earlier file could not be finished.

        """
        self._raise_failed()
        if self._next_sync is not None and now >= self._next_sync and self._file is not None:
            self._next_sync = now + (self._fsync_interval or 0)
            self._finishing.sync(self._file)

    def _raise_failed(self) -> None:
        """Raise what failed in the background."""
        for _, error in self._finishing.failed:
            raise error

    def end(self, now: float) -> bool:
        """Write the end of the last file; return whether that is done, or call it again. Raises as `add` does."""
        self._is_last = True
        self._work(now)
        if self._todo.lines:
            return False
        if self._file is not None and not self._is_ending and not self._is_refused:
            self._end_file(now)
        return not self._todo.lines and (self._file is None or (self._is_ending and not self._is_refused))

    def finish(self, patience: float | None = None) -> Path:
        """
        Give the last file its final name, and wait for those before it.

        Args:
            patience: Seconds to wait, times a factor for a storage device that shows no progress; None for no limit.

        Raises:
            FeedrecError: If one of them cannot get it.

        """
        file, self._file = self._file, None
        if file is not None:
            self._account(file)
            self._finishing.commit(file)
        if not self._finishing.wait(patience):
            place = None if file is None else file.target.place
            there = "" if place is None else f"; the recording is in {place.name}"
            raise WriteError(self.path, f"the storage device does not confirm that it has everything{there}")
        self._finishing.take_back()
        for file, error in self._finishing.failed:
            if not file.is_left:
                raise error
        return self.path

    def give_up(self, frames: int, now: float) -> None:
        """Note, if that is possible, that so many received frames are lost; only `release` or `remove` may follow."""

    def release(self) -> None:
        """Close the present file as it is."""
        file, self._file = self._file, None
        if file is not None:
            self._account(file)
            self._left = file
            self._finishing.leave(file)
        self._finishing.wait(LAST_PATIENCE)

    def remove(self) -> None:
        """Remove the present file, closed or not; those before it stay."""
        self._finishing.wait(LAST_PATIENCE)
        file = self._file or self._left
        if file is not None:
            file.target.remove()

    def _work(self, now: float) -> None:
        """Give the present file what is to be written, and begin a new one where one is complete."""
        while self._todo.lines and self._file is not None and self.accepts:
            if self._limit.is_reached(self._file):
                self._end_file(now)
                continue
            if self._is_new:
                self._todo.put_clock_first()
                self._is_new = False
            lines = self._todo.take(self._limit.count(self._todo.lines))
            file = self._file
            self._attempt(lambda: file.add(lines), now)  # noqa: B023  called at once

    def _attempt(self, action: Callable[[], None], now: float) -> bool:
        """Write something; return whether the disk took it. Raises as `add` does."""
        try:
            action()
        except WriteError as error:
            self._refuse(error, now)
            return False
        return True

    def _refuse(self, error: WriteError, now: float) -> None:  # noqa: ARG002
        """Deal with a write that failed."""
        raise error

    def _end_file(self, now: float) -> None:
        """Write the end of the present file, and begin the next unless it is the last."""
        file, self._is_ending = self._file, True
        if file is not None and self._attempt(file.end, now):
            self._pass_on(now)

    def _pass_on(self, now: float) -> None:
        """Go on from a file that has its end."""
        if self._file is None or (self._is_last and not self._todo.lines):
            return
        file, self._file, self._is_ending = self._file, None, False
        self._account(file)
        self._limit.learn(file)
        self._finishing.commit(file)
        self._open_next(now)

    def _account(self, file: GrowingFile) -> None:
        self._done_size += file.size
        self._done_text += file.whole_text

    def _open_next(self, now: float) -> None:
        """Begin the next file; raises as `add` does."""
        self._begin_with(self.number + 1, now)

    def _begin_with(self, number: int, now: float) -> None:
        """
        Begin the file of a number.

        Raises:
            FeedrecError: If it cannot be created.

        """
        self._busy_since = now
        try:
            file = self._begin(number, self._todo.time if self._turns_at is None else self._turns_at)
        finally:
            self._busy_since = None
        self._turns_at = None
        self._file, self.number, self._is_new = file, number, True
        self.path, self.identity = file.target.path, file.target.identity
