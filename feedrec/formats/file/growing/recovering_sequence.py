"""
The files of a live recording, which goes on whatever happens to its disk or its files.

A disk that is full gets the same bytes again until it takes them. After an input/output error, and when a file was
removed, moved or replaced, the recording goes on in a new file; the lines that the old one does not have wholly are in
the new one. `disk_rules.py` says why.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ....errors import FeedrecError, RecordingExistsError, WriteError
from ...line.frame_run import FrameRun
from ...stream.whole_block import WholeBlock
from ..names import part_path
from .disk_rules import DiskRules, Refusal, Trouble, reason_of, refusal_of
from .file_sequence import LAST_PATIENCE, FileSequence
from .growing_file import GrowingFile

__all__ = ["RecoveringSequence"]

_LOOK_EVERY = 0.5  # at the name of the file and at the free space
_LEAVE_EVERY = 10.0  # seconds at least between two new files after input/output errors

log = logging.getLogger("feedrec")


class RecoveringSequence(FileSequence):
    """
    The files of a live recording.

    Args:
        begin: Creates the file of a number, which begins at a wall time in nanoseconds, if that is known.
        rules: How long to wait for the disk, and how much of it to leave free.
        first: The first number.
        limit: Bytes after which a new file begins; None for no limit.
        ratio: Bytes in a file per byte of text, as long as nothing better is known.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        on_finished: Called with the name of each finished file, in another thread.

    Raises:
        FeedrecError: If the first file cannot be created.

    """

    def __init__(
        self,
        begin: Callable[[int, int | None], GrowingFile],
        rules: DiskRules,
        *,
        first: int = 1,
        limit: int | None = None,
        ratio: float = 1.0,
        fsync_interval: float | None = None,
        on_finished: Callable[[Path], object] = lambda _: None,
    ) -> None:
        self._patience, self._min_free = rules
        self._trouble = Trouble(rules.patience)
        self._next_look = 0.0
        self._hurries = False
        self._first_leave = self._last_leave = float("-inf")
        super().__init__(
            begin,
            first=first,
            limit=limit,
            ratio=ratio,
            fsync_interval=fsync_interval,
            patience=rules.patience,
            on_finished=on_finished,
        )

    @property
    def refusal(self) -> str | None:
        return self._trouble.reason

    @property
    def _is_refused(self) -> bool:
        return self._trouble.reason is not None

    def tick(self, now: float, waiting: int, *, hurry: bool = False) -> None:
        if hurry and not self._hurries:
            self._hurries, self._min_free = True, 0  # what is received must not be lost for a limit of our own
            self._retry(now)
        if now >= self._next_look:
            self._next_look = now + _LOOK_EVERY
            self._busy_since = now
            self._look(now)
            self._busy_since = None
        self._hear(now)
        if self._trouble.is_due(now):
            self._retry(now)
        self._work(now)
        self._report(now, waiting)
        super().tick(now, waiting, hurry=hurry)

    def add_run(self, run: FrameRun | WholeBlock, now: float) -> None:
        if self._min_free and self._file is not None and self._is_low(self._file):
            self.add(run.lines(), now)
        else:
            super().add_run(run, now)

    def give_up(self, frames: int, now: float) -> None:
        reason = self._trouble.reason or "the disk did not take them in time"
        if self._file is not None:
            file, self._file = self._file, None
            file.cut_back()
            self._account(file)
            self._finishing.leave(file)
        self._todo.clear()
        self._is_last = self._is_ending = False
        self._trouble = Trouble(0)
        if not frames:
            return
        log.error("%d frames are lost: %s", frames, reason)
        with contextlib.suppress(FeedrecError):
            self._open_next(now)
            self.add([self._todo.event("lost", {"frames": frames, "reason": reason})], now)
            if self.end(now):
                self.finish(LAST_PATIENCE)
        self.remove()  # what there was no room for

    def _raise_failed(self) -> None:
        """Leave it to `_hear`, which may be told of more at any moment."""

    def _work(self, now: float) -> None:
        if self._min_free and self._todo.lines and self._file is not None and self._is_low(self._file):
            self._trouble.note(self._low_reason, now)
        super()._work(now)

    def _attempt(self, action: Callable[[], None], now: float) -> bool:
        is_done = super()._attempt(action, now)
        if is_done:
            self._end_trouble(now)
        return is_done

    def _refuse(self, error: WriteError, now: float) -> None:
        refusal = refusal_of(error)
        if refusal is Refusal.GIVE_UP:
            raise error
        if refusal is Refusal.TRY_AGAIN:
            self._trouble.note(reason_of(error), now)
        else:
            self._leave(reason_of(error), now)

    def _end_trouble(self, now: float) -> None:
        seconds = self._trouble.end(now)
        if seconds is not None:
            log.warning("the disk takes data again, after %.0f s, nothing is lost: %s", seconds, self.path.name)

    def _open_next(self, now: float) -> None:
        for number in itertools.count(self.number + 1):
            try:
                self._begin_with(number, now)
            except RecordingExistsError:
                continue
            except WriteError as error:
                self._trouble.note(reason_of(error), now)
                return
            self._end_trouble(now)
            return

    def _retry(self, now: float) -> None:
        """Try again what the disk has refused."""
        if self._file is None:
            self._open_next(now)
        elif self._is_low(self._file):
            self._trouble.note(self._low_reason, now)
        elif self._attempt(self._file.retry, now) and self._is_ending:
            self._pass_on(now)

    def _look(self, now: float) -> None:
        """See whether the file is still in its place, and the disk has enough room."""
        file = self._file
        if file is None:
            return
        self.free_space = file.target.free_space
        if not file.target.is_in_place:
            if file.target.follow():  # there is no other folder to go on in
                self.path = file.target.path
                log.warning("the folder was moved: the recording goes on in %s", self.path)
            else:
                self._lose(file, now)
        elif self._trouble.reason is None and self._is_low(file):
            self._trouble.note(self._low_reason, now)

    def _is_low(self, file: GrowingFile) -> bool:
        return self._min_free > 0 and file.target.free_space < self._min_free

    @property
    def _low_reason(self) -> str:
        return f"less than {self._min_free / 1e6:,.0f} MB are free"

    def _report(self, now: float, waiting: int) -> None:
        trouble = self._trouble
        if trouble.is_over(now):
            text = f"the disk took nothing for {trouble.seconds(now):.0f} s: {trouble.reason}"
            raise WriteError(self.path, text)
        if trouble.wants_report(now):
            left = self._patience - trouble.seconds(now)
            text = "the disk takes nothing (%s); %.1f MB wait in memory, giving up in %.0f s"
            log.warning(text, trouble.reason, (waiting + self.unsafe_text) / 1e6, left)

    def _lose(self, file: GrowingFile, now: float) -> None:
        """Leave a file whose name leads elsewhere: complete it where it is, and go on in another one."""
        place, part = file.target.place, part_path(file.target.path).name
        with contextlib.suppress(WriteError):
            if self._is_ending:
                file.retry()
            else:
                file.end()
        if place is None:
            reason = "removed or replaced" if file.target.is_gone else "out of reach"
            text, other = f"{part} is {reason}", file.target.path.name
            job = self._finishing.commit
        else:
            reason = "moved"
            text, other = f"{part} is {reason} to {place}", str(place)
            job = self._finishing.leave
        self._put_back(file, {"file": other, "reason": reason})
        self._open_next(now)
        self._say_where(text)
        job(file)

    def _leave(self, reason: str, now: float) -> None:
        """Leave the present file, of which it is not known what is on the storage device."""
        file, before = self._file, self._last_leave
        if file is None:
            return
        self._last_leave = now
        if now - before > 3 * _LEAVE_EVERY:
            self._first_leave = now
        if now - self._first_leave >= self._patience:
            raise WriteError(self.path, f"the disk has failed for {self._patience:.0f} s: {reason}")
        file.is_left = True
        proved = min(file.synced_size, file.size)  # smaller than that if another program cut it
        self._put_back(file, {"file": _name_of(file), "reason": reason, "unproved_from": proved})
        self._finishing.leave(file)
        if now - before < 2 * _LEAVE_EVERY and not self._hurries:  # no flood of files on a disk that takes a little
            self._trouble.note(reason, now, _LEAVE_EVERY)
        else:
            self._open_next(now)
        self._say_where(f"{_name_of(file)} is not reliable from byte {proved} on ({reason})")

    def _put_back(self, file: GrowingFile, details: dict[str, Any]) -> None:
        """Have another file begin with an event about this one, and with what this one lacks."""
        file.cut_back()
        self._file, self._is_ending = None, False
        self._account(file)
        self._todo.put_back(file.held)
        self._todo.put_back([self._todo.event("continuation", details)])

    def _say_where(self, text: str) -> None:
        where = "waits for the disk" if self._file is None else f"goes on in {self.path.name}"
        log.warning("%s: the recording %s", text, where)

    def _hear(self, now: float) -> None:
        """Note what failed in the background: of files before, and of the present one."""
        failed = self._finishing.failed
        while failed:
            file, error = failed.popleft()
            if file is self._file:
                self._leave(reason_of(error), now)
            elif not file.is_left:
                file.is_left = True
                details = {"file": _name_of(file), "reason": reason_of(error), "unproved_from": file.synced_size}
                log.warning("%s was not finished: %s", details["file"], details["reason"])
                self._todo.add([self._todo.event("unfinished", details)])


def _name_of(file: GrowingFile) -> str:
    return (file.target.place or file.target.path).name
