"""
Writes a recording: lines in, a file out that can be read at any moment.

The caller's thread hands lines over; a thread of the writer compresses and writes them (zstd releases the interpreter
lock). Every line is on its way to the disk within a second, so a process that is killed loses no more than that. Until
it is finished, the file has the suffix `.part` and is locked.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import FeedrecError, UsageError, WriteError
from ...model import Event, Frame, FrameInfo, Header, Record
from ..line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header
from ..line.index import Mark
from ..stream.gzip_members import DEFAULT_GZIP_LEVEL, GzipEncoder
from ..stream.plain import PlainEncoder
from ..stream.protocols import Encoder
from ..stream.zstd_blocks import BLOCK_SIZE, DEFAULT_LEVEL, BlockEncoder
from .modes import USUAL, FileMode
from .names import GZIP_SUFFIX, PARQUET_SUFFIX, PLAIN_SUFFIX
from .target import FileTarget, Target

__all__ = ["RecordingWriter", "create_recording", "mark_of"]

_TICK = 0.1
_FLUSH_AFTER = 0.7  # with a tick and the write itself, the operating system has a line within a second
_WAKE_AT = 1 << 18
_PATIENCE = 10.0
_LOW_WATER, _HIGH_WATER = 8 << 20, 64 << 20


class RecordingWriter:
    """
    A growing recording. Use it in a `with` block, or finish it.

    Args:
        target: Where the bytes go.
        header: The first line; as bytes, a header to be kept verbatim.
        encoder: Encodes lines as bytes.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        on_drained: Called in the writer's thread when the backlog has become small, or will never shrink again.

    """

    def __init__(
        self,
        target: Target,
        header: Header | bytes,
        encoder: Encoder,
        *,
        fsync_interval: float | None = None,
        on_drained: Callable[[], object] = lambda: None,
    ) -> None:
        self.on_drained = on_drained
        self._target = target
        self._encoder = encoder
        self._fsync_interval = fsync_interval
        self._lines: deque[tuple[bytes, Mark]] = deque()
        self._size_in = 0
        self._size_taken = 0
        self._size_written = 0
        self._wake = threading.Event()
        self._taken = threading.Event()
        self._finishing = self._flush_now = False
        self._failure: FeedrecError | None = None
        self._write_header(header)
        self._thread = threading.Thread(target=self._run, name="feedrec-writer", daemon=True)
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
        return self._target.path

    @property
    def identity(self) -> os.stat_result:
        """Which file it is, whatever its names lead to."""
        return self._target.identity

    @property
    def text_size(self) -> int:
        """Bytes of text handed over, including newlines."""
        return self._size_in

    @property
    def file_size(self) -> int:
        """Bytes written to the target."""
        return self._target.size

    @property
    def backlog(self) -> int:
        """Bytes of text handed over and not yet taken by the writer's thread."""
        return self._size_in - self._size_taken

    @property
    def is_full(self) -> bool:
        """Whether the disk cannot keep up: hand over nothing until `on_drained`, or memory grows."""
        return self.backlog >= _HIGH_WATER

    @property
    def failure(self) -> FeedrecError | None:
        """Why nothing is written any more; None while all is well."""
        return self._failure

    def wait_for_room(self, most: int | None = None) -> None:
        """Wait until the backlog is below `most` bytes (by default, until it is not full), or writing has failed."""
        most = _HIGH_WATER if most is None else most
        while self.backlog >= most and self._thread.is_alive():
            self._taken.clear()
            if self.backlog >= most:
                self._taken.wait(_TICK)

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
        if isinstance(record, Event):
            self.write_line(encode_event(record), (record.time, record.conn, None), block=block)
        else:
            is_known = info is not None and info.parses
            self.write_line(encode_frame(record, parses=is_known), mark_of(record, info), block=block)

    def write_line(self, line: bytes, mark: Mark | None = None, *, block: bool = False) -> None:
        """
        Hand over one line without its newline.

        Args:
            line: A frame or an event.
            mark: What the index needs to know about it; None to derive it from the line, without the channel.
            block: As for `write`.

        Raises:
            LineError: If it is not a line of a recording.
            WriteError: If writing earlier lines failed, or the recording is finished.

        """
        if block and self.is_full:
            self.wait_for_room()
        if self._failure is not None:
            raise self._failure
        if self._finishing:
            raise WriteError(self._target.path, "is finished and takes no more lines")
        self._lines.append((line, mark or mark_of(decode_line(line))))
        self._size_in += len(line) + 1
        if self._size_in - self._size_taken > _WAKE_AT and not self._wake.is_set():
            self._wake.set()

    def flush(self) -> None:
        """Have the thread write everything that was handed over at once, and not wait until it is due."""
        self._flush_now = True
        self._wake.set()

    def finish(self, patience: float | None = None) -> Path:
        """
        Write everything, and give the recording its final name.

        Args:
            patience: Seconds without any progress after which to give up; None to wait forever. After giving up, the
                thread stays stuck and the target open, which does not keep the process from exiting.

        Raises:
            WriteError: If writing failed, now or before, or got stuck; what was written is still there under the
                `.part` name.

        """
        self._stop(patience)
        if self._failure is not None:
            if not self._thread.is_alive():
                self._target.release()
            raise self._failure
        return self._target.commit()

    def abandon(self) -> None:
        """Write what was handed over, and leave the recording unfinished, under its `.part` name."""
        self._stop(_PATIENCE)
        if not self._thread.is_alive():
            self._target.release()

    def discard(self) -> None:
        """Remove the recording: for one that never got a frame, or will never be complete."""
        self._lines.clear()
        self._stop()
        self._target.remove()

    def _stop(self, patience: float | None = None) -> None:
        self._finishing = True
        self._wake.set()
        progress = None
        while self._thread.is_alive() and progress != (progress := (self._size_written, self._target.size)):
            self._thread.join(patience)
        if self._thread.is_alive():
            rest = self._size_in - self._size_written
            reason = (
                f"accepted nothing for {patience:g} s: at least {rest} of {self._size_in} bytes of text are not written"
            )
            self._failure = WriteError(self._target.path, reason)

    def _write_header(self, header: Header | bytes) -> None:
        try:
            line = header if isinstance(header, bytes) else encode_header(header)
            self._size_in = self._size_taken = self._size_written = len(line) + 1
            self._target.write(self._encoder.begin(line))
        except BaseException:
            self._target.remove()
            raise

    def _run(self) -> None:
        try:
            self._write_until_finished()
        except FeedrecError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001  a thread has no caller to raise to
            self._failure = WriteError(self._target.path, f"writing failed: {error!r}")
        if self._failure is not None:
            self.on_drained()

    def _write_until_finished(self) -> None:
        last_flush = last_fsync = time.monotonic()
        unflushed = False
        while True:
            self._wake.wait(_TICK)
            self._wake.clear()
            finishing, flush_now, self._flush_now = self._finishing, self._flush_now, False
            while lines := self._take_lines():
                self._target.write(self._encoder.add(*zip(*lines, strict=True)))
                self._size_written = self._size_taken
                unflushed = True
            if finishing:
                self._target.write(self._encoder.finish())
                return
            now = time.monotonic()
            if not unflushed:
                last_flush = now
            elif flush_now or now - last_flush >= _FLUSH_AFTER:
                self._target.write(self._encoder.flush())
                last_flush, unflushed = now, False
            if self._fsync_interval is not None and now - last_fsync >= self._fsync_interval:
                self._target.sync()
                last_fsync = now

    def _take_lines(self) -> list[tuple[bytes, Mark]]:
        """Take up to about a block of lines. The two ends of a deque are safe to use from two threads."""
        taken, size = [], 0
        with contextlib.suppress(IndexError):
            while size < BLOCK_SIZE:
                line = self._lines.popleft()
                taken.append(line)
                size += len(line[0]) + 1
        was_large = self.backlog > _LOW_WATER
        self._size_taken += size
        self._taken.set()
        if was_large and self.backlog <= _LOW_WATER:
            self.on_drained()
        return taken


def mark_of(record: Record, info: FrameInfo | None = None) -> Mark:
    """Return what the index needs to know about a record."""
    is_received = isinstance(record, Frame) and record.direction == "in"
    return record.time, record.conn, (info or FrameInfo()) if is_received else None


def create_recording(
    path: Path | str,
    header: Header | bytes,
    *,
    overwrite: bool = False,
    level: int | None = None,
    fsync_interval: float | None = None,
    mode: FileMode = USUAL,
) -> RecordingWriter:
    """
    Begin a recording; its suffix determines the format: `.jsonl.zst`, `.jsonl.gz`, plain `.jsonl`, or `.parquet`.

    Parquet cannot be read until it is finished: write what is recorded live as lines first.

    Args:
        path: Its name.
        header: Its first line; as bytes (`Recording.header_line`), a header to be kept verbatim.
        overwrite: Whether a file of that name may be replaced.
        level: Compression level, on the format's own scale; None for its default.
        fsync_interval: Seconds between forced writes to the storage device; None leaves that to the operating system.
        mode: Who may read it; see modes.py.

    Raises:
        UsageError: If the name has none of these suffixes, or there is no such level.
        LineError: If the line passed is not a header.
        RecordingExistsError: If the file, or an unfinished one of its name, exists and `overwrite` is false.
        WriteError: If it cannot be created.

    """
    path = Path(path)
    if isinstance(header, bytes):
        decode_header(header)
        header = header.replace(b"\n", b" ")  # only between keys: a JSON string has none
    encoder = _encoder_for(path, level)
    target = FileTarget(path, overwrite=overwrite, mode=mode)
    return RecordingWriter(target, header, encoder, fsync_interval=fsync_interval)


def _encoder_for(path: Path, level: int | None) -> Encoder:
    if path.suffix == ".zst":
        return BlockEncoder(DEFAULT_LEVEL if level is None else level)
    if path.suffix == PLAIN_SUFFIX:
        return PlainEncoder()
    if path.name.endswith(GZIP_SUFFIX):
        if level is not None and not 1 <= level <= 9:
            raise UsageError(f"invalid gzip level {level}: must be 1 to 9")
        return GzipEncoder(DEFAULT_GZIP_LEVEL if level is None else level)
    if path.suffix == PARQUET_SUFFIX:
        from ..stream.parquet_rows import ParquetEncoder  # noqa: PLC0415  loads pyarrow

        return ParquetEncoder(DEFAULT_LEVEL if level is None else level)
    raise UsageError(f"{path}: the name of a recording must end in .jsonl.zst, .jsonl.gz, .jsonl or .parquet")
