"""
Writes a recording: lines in, a file out that can be read at any moment.

The caller's thread hands lines over; a thread of the writer compresses and writes them (zstd releases the interpreter
lock). Every line is on its way to the disk within a second; the caller is told to pause before lines that are not span
more than that. So a process that is killed loses no more. Until it is finished, the file has the suffix `.part` and is
locked.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import FeedrecError, WriteError
from ...model import Event, FrameInfo, Record
from ...threads import thread_for
from ..line.codec import decode_line, encode_event, encode_frame
from ..line.frame_run import FrameRun
from ..line.index import Mark, mark_of
from ..stream.protocols import MAX_LINE, excess
from ..stream.whole_block import WholeBlock
from .growing.backlog import Backlog
from .growing.disk_standing import DiskStanding
from .growing.file_sequence import FileSequence
from .growing.files_so_far import FilesSoFar
from .growing.oldest_line import OldestLine

__all__ = ["RecordingWriter"]

_TICK = 0.1
_FLUSH_AFTER = 0.4  # and a tick, and the write itself: well before reading would pause
_PAUSE_AFTER, _RESUME_AFTER = 0.65, 0.35  # age of the oldest line that the operating system does not have
_WAKE_AT = 1 << 18
_PATIENCE = 10.0
_LAST_WORD = 2.0  # seconds to note that frames are lost
_LOW_WATER, _HIGH_WATER, _EXHAUSTED = 8 << 20, 64 << 20, 128 << 20
_MOST_UNFINISHED, _MOST_UNFINISHED_IN_HASTE = 2, 100  # files


class RecordingWriter:
    """
    A growing recording. Use it in a `with` block, or finish it.

    Args:
        files: Where the lines go.
        on_drained: Called in the writer's thread when there is room again after `is_full` was true, or never will be.

    """

    def __init__(self, files: FileSequence, *, on_drained: Callable[[], object] = lambda: None) -> None:
        self.on_drained = on_drained
        self._files = files
        self._lines = Backlog()
        self._unsafe = 0
        self._last_whole = time.monotonic()
        self._oldest = OldestLine(self._last_whole)
        self._wake = threading.Event()
        self._finishing = self._flush_now = self._gives_up = self._was_full = False
        self._turns = False  # whether `_begins_new_file` is to be asked
        self._frames_lost = 0
        self._failure: FeedrecError | None = None
        self._thread = thread_for(self._run, "feedrec-writer")
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Finish the recording; if the block raised, leave what was written under the `.part` name."""
        if kind is None:
            self.finish()
        else:
            self.abandon()

    @property
    def path(self) -> Path:
        """Where the recording is, or will be when finished."""
        return self._files.path

    @property
    def places(self) -> list[Path]:
        """The names of its files that are finished or were left unfinished, in order."""
        return list(self._files.places)

    @property
    def identity(self) -> os.stat_result:
        """Which file it is, whatever its names lead to."""
        return self._files.identity

    @property
    def text_size(self) -> int:
        """Bytes of text handed over, including newlines and the headers of all files."""
        return self._files.text_size + self.backlog

    @property
    def file_size(self) -> int:
        """Bytes written to the disk, in all files."""
        return self._files.size

    @property
    def backlog(self) -> int:
        """Bytes of text handed over and not yet taken by the writer's thread."""
        return self._lines.size

    @property
    def is_full(self) -> bool:
        """
        Whether to hand over nothing until `on_drained`, which is called after this was true.

        It is true when lines that the operating system does not have yet were handed over too long ago: what they span
        is lost if the process is killed. While the disk takes nothing, only memory is the limit, however old they are.
        """
        if not self.memory_is_full:
            now = time.monotonic()
            if now - self._oldest.since <= _PAUSE_AFTER or self._files.is_stalled(now):
                return False
        self._was_full = True
        return True

    @property
    def memory_is_full(self) -> bool:
        """Whether as much waits in memory as may: the disk takes nothing, or much too little."""
        return self._has_too_much or self._files.unfinished > _MOST_UNFINISHED

    @property
    def has_no_room(self) -> bool:
        """Whether one who cannot wait must not hand over more: files that only lack their names bother nobody yet."""
        return self._has_too_much or self._files.unfinished > _MOST_UNFINISHED_IN_HASTE

    @property
    def _has_too_much(self) -> bool:
        return self._lines.size >= _HIGH_WATER and len(self._lines) > 1  # one may be that long

    @property
    def memory_is_exhausted(self) -> bool:
        """Whether twice as much waits: even what arrives while a connection is closed is too much then."""
        return self.backlog >= _EXHAUSTED

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more; None while all is well."""
        return self._failure

    @property
    def disk(self) -> DiskStanding:
        """How the disk stands; to ask takes no time."""
        now = time.monotonic()
        return self._files.standing(now, now - self._oldest.since)

    @property
    def frames_lost(self) -> int:
        """Received frames that were handed over and are not in the recording, since the disk failed."""
        return self._frames_lost + self._files.frames_gone

    def wait_for_room(self, most: int | None = None) -> None:
        """Wait until the backlog is below `most` bytes (by default, until it is not full), or writing has failed."""
        most = _HIGH_WATER if most is None else most
        while (self.backlog >= most or self._files.unfinished > _MOST_UNFINISHED) and self._thread.is_alive():
            self._lines.taken.clear()
            if self.backlog >= most or self._files.unfinished > _MOST_UNFINISHED:
                self._lines.taken.wait(_TICK)

    def write(self, record: Record, info: FrameInfo | None = None, *, block: bool = False) -> None:
        """
        Hand over a frame or an event.

        Args:
            record: The record.
            info: The description of a received frame, by its feed's `describe`: for the index.
            block: Whether to wait if the disk cannot keep up; otherwise check `is_full`.

        Raises:
            WriteError: If writing earlier records failed, or the recording is finished.

        """
        is_known = info is not None and info.parses
        line = encode_event(record) if isinstance(record, Event) else encode_frame(record, parses=is_known)
        self.write_line(line, mark_of(record, info), block=block)

    def write_line(self, line: bytes, mark: Mark | None = None, *, block: bool = False) -> None:
        """
        Hand over one line without its newline.

        Args:
            line: A frame or an event.
            mark: What the index needs to know about it; None to derive it from the line, without the channel.
            block: As for `write`.

        Raises:
            LineError: If it is not a line of a recording.
            WriteError: If writing earlier lines failed, the recording is finished, or no reader would take a line so
                long.

        """
        if block:
            self.wait_for_room()
        self._require_open()
        size = len(line)
        if size > MAX_LINE:
            raise WriteError(self._files.path, excess(size))
        mark = mark or mark_of(decode_line(line))
        if self._turns and self._begins_new_file(line, mark):
            self._lines.do_here(functools.partial(self._turn, mark[0]))
        self._lines.add((line, mark), size + 1)
        if self._lines.size_in >= self._oldest.next_note:
            self._note_time()

    def write_run(self, run: FrameRun | WholeBlock) -> None:
        """
        Hand over frames that follow each other, or a block as it is: as `write_line` for each line, but at once.

        Raises:
            WriteError: If writing earlier lines failed, or the recording is finished.

        """
        self._require_open()
        if self._turns and not self._is_within_file(run):
            for line, mark in run.lines():
                self.write_line(line, mark)
            return
        self._lines.add(run, run.size)
        if self._lines.size_in >= self._oldest.next_note:
            self._note_time()

    def _require_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._finishing:
            raise WriteError(self._files.path, "is finished and takes no more lines")

    def tell_files(self, callback: Callable[[FilesSoFar], object]) -> None:
        """Have a function told, in the writer's thread, where the lines handed over so far are; not if that fails."""
        self._lines.do_here(functools.partial(self._tell_files, callback))
        self.flush()

    def flush(self) -> None:
        """Have the thread write everything that was handed over at once, and not wait until it is due."""
        self._flush_now = True
        self._wake.set()

    def finish(self, patience: float | None = None) -> Path:
        """
        Write everything, and give the recording its final name.

        Args:
            patience: Seconds without any progress after which to give up, six times as many for the storage device to
                confirm it; None to wait forever. After giving up, a thread may stay stuck and the target open, which
                does not keep the process from exiting.

        Raises:
            WriteError: If writing failed, now or before, or got stuck; what was written is still there under the
                `.part` name.

        """
        self._stop(patience)
        if self._failure is None:
            try:
                return self._files.finish(patience)
            except FeedrecError as error:
                self._failure = error
        if not self._thread.is_alive():
            self._files.release()
        raise self._failure

    def abandon(self) -> None:
        """Write what was handed over, and leave the recording unfinished, under its `.part` name."""
        self._stop(_PATIENCE)
        if not self._thread.is_alive():
            self._files.release()

    def discard(self) -> None:
        """Remove the recording: for one that never got a frame, or will never be complete."""
        self._lines.clear()
        self._finishing = self._gives_up = True  # a disk that is full must not be asked for the end of the file
        self._wake.set()
        self._thread.join(_PATIENCE)
        self._files.remove()

    def _stop(self, patience: float | None = None) -> None:
        self._finishing = True
        self._wake.set()
        progress = None
        while self._thread.is_alive() and progress != (progress := (self._lines.size_taken, self._files.size)):
            self._thread.join(patience)
        if self._thread.is_alive():
            rest = f"{self.backlog + self._files.unsafe_text} of {self.text_size} bytes of text"
            reason = f"accepted nothing for {patience:g} s: at least {rest} are not written"
            self._failure = WriteError(self._files.path, reason)
            self._gives_up = True
            self._wake.set()
            self._thread.join(_LAST_WORD)
            if self._thread.is_alive():  # stuck in a call to the operating system
                self._frames_lost = self._frames_lost or self._count_frames()

    def _begins_new_file(self, line: bytes, mark: Mark) -> bool:  # noqa: ARG002
        """Return whether a line is the first of a new file."""
        return False

    def _is_within_file(self, run: FrameRun | WholeBlock) -> bool:  # noqa: ARG002
        """Return whether certainly none of these lines begins a new file."""
        return True

    def _note_time(self) -> None:
        """Note the time, and wake the thread if there is enough for it."""
        self._oldest.note(self._lines.size_in, time.monotonic())
        if self._lines.size > _WAKE_AT and not self._wake.is_set():
            self._wake.set()

    def _run(self) -> None:
        try:
            self._write_until_finished()
        except FeedrecError as error:
            self._failure = self._failure or error
        except Exception as error:  # noqa: BLE001  a thread has no caller to raise to
            self._failure = WriteError(self._files.path, f"writing failed: {error!r}")
        if self._failure is not None:
            self._frames_lost = self._count_frames()
            self._files.give_up(self._frames_lost, time.monotonic())
            self.on_drained()

    def _count_frames(self) -> int:
        """Count the received frames that are not written."""
        return self._files.held_frames + self._lines.frames

    def _write_until_finished(self) -> None:
        files = self._files
        while True:
            is_behind = self.backlog >= _WAKE_AT or (self._finishing and self._lines)
            if not (is_behind and files.accepts) and self._wake.wait(_TICK):
                self._wake.clear()
            if self._gives_up:
                return
            finishing = self._finishing
            before, handed_over = time.monotonic(), self._lines.size_in
            self._write_some(before)
            now = time.monotonic()
            self._flush_if_due(now)
            files.tick(now, self.backlog, hurry=finishing)
            self._oldest.written(self._lines.size_taken - files.unsafe_text, handed_over, before)
            if finishing and not self._lines and files.end(now):
                return
            self._tell_if_drained(now)

    def _write_some(self, now: float) -> None:
        if not self._files.accepts:
            return
        taken, between = self._lines.take()
        for is_run, group in groupby(taken, lambda one: not isinstance(one, tuple)):
            if is_run:
                for run in group:
                    self._files.add_run(run, now)  # type: ignore[arg-type]
            else:
                self._files.add(list(group), now)  # type: ignore[arg-type]
        if between is not None:
            between(now)

    def _turn(self, time: int, now: float) -> None:
        """Have the next line, of that wall time, begin a new file."""
        self._files.turn(now, time)

    def _tell_files(self, callback: Callable[[FilesSoFar], object], now: float) -> None:  # noqa: ARG002
        """Tell where the lines are, or try again a moment later, if some are in no file yet."""
        so_far = self._files.so_far
        if so_far is not None:
            callback(so_far)
        elif not self._finishing:
            self._lines.do_first(functools.partial(self._tell_files, callback))

    def _flush_if_due(self, now: float) -> None:
        """Flush what is in the compressor, unless a block has ended a moment ago: that is as good."""
        unsafe, before = self._files.unsafe_text, self._unsafe
        flush_now = self._flush_now and not self._lines
        if not unsafe or unsafe < before:
            self._last_whole = now
        if unsafe and (flush_now or now - self._last_whole >= _FLUSH_AFTER):
            self._files.flush(now)
            self._last_whole = now
        self._unsafe = self._files.unsafe_text
        self._flush_now = self._flush_now and not flush_now

    def _tell_if_drained(self, now: float) -> None:
        if not self._was_full or self.backlog > _LOW_WATER or self._files.unfinished > _MOST_UNFINISHED:
            return
        if now - self._oldest.since <= _RESUME_AFTER or self._files.is_stalled(now):
            self._was_full = False
            self.on_drained()
