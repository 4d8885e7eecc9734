"""A new recording in one file, or in several by time or size, of which each is a whole recording."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from ...errors import RecordingExistsError, UsageError
from ...model import Header
from ..line.index import Mark
from .names import PLAIN_SUFFIX, numbered_path, part_path
from .writer import RecordingWriter

__all__ = ["MAX_PORTIONS", "PortionedWriter", "Portions"]

MAX_PORTIONS = 9999
"""Files that one recording is split into at most: their names have four digits, and sort."""

_MOST_WAITING = 16 << 20  # bytes of text between the reader and the disk
_STEP = 64  # lines written between looks at sizes
_KNOWN_AT = 4 << 20  # bytes of text after which the compression of a file is known
_GUESSES = ((PLAIN_SUFFIX, 1.0), ("", 0.12))  # bytes on disk per byte of text until then


class Portions(NamedTuple):
    """How much goes into one file: a span of time in nanoseconds, aligned to 1970, or about so many bytes on disk."""

    nanoseconds: int | None = None
    size: int | None = None


class PortionedWriter:
    """
    Writes lines to one file after another, waiting for the disk.

    Args:
        path: The name; the parts have names made of it.
        header: The first line; those of parts get their `part`, from 1.
        create: Begins a recording.
        portions: How much goes into one; None for a single file.

    Attributes:
        paths: The recordings that are finished.
        file_size: Bytes of them.
        text_size: Bytes of their lines, headers too.

    """

    def __init__(
        self,
        path: Path,
        header: Header,
        create: Callable[[Path, Header], RecordingWriter],
        portions: Portions | None = None,
    ) -> None:
        self.paths: list[Path] = []
        self.file_size = self.text_size = 0
        self._path = path
        self._header = header
        self._create = create
        self._portions = portions
        self._ratio = next(guess for suffix, guess in _GUESSES if path.name.endswith(suffix))
        self._span_end: int | None = None
        self._writer: RecordingWriter | None = None

    def begin(self) -> None:
        """
        Begin the first file.

        Raises:
            UsageError: If its name tells no format.
            RecordingError: If it is there already, or the disk refuses.

        """
        self._writer = self._begin()

    def write(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> None:
        """
        Write lines, with what the index needs of each.

        Raises:
            UsageError: If there are too many files.
            RecordingError: If one is there already, or the disk refuses.

        """
        for start in range(0, len(lines), _STEP):
            writer = self._ready_writer()
            step = zip(lines[start : start + _STEP], marks[start : start + _STEP], strict=True)
            if self._portions is not None and self._portions.nanoseconds is not None:
                self._write_by_time(writer, step, self._portions.nanoseconds)
                continue
            if self._portions is not None and self._expected_size(writer) >= (self._portions.size or 0):
                writer = self._begin_next()
            for line, mark in step:
                writer.write_line(line, mark)

    def finish(self) -> None:
        """
        Finish the last file.

        Raises:
            WriteError: If the disk refuses.

        """
        self._finish_one()

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._writer is not None:
            self._writer.discard()
        for path in self.paths:
            path.unlink(missing_ok=True)

    def _write_by_time(self, writer: RecordingWriter, lines: Iterable[tuple[bytes, Mark]], span: int) -> None:
        for line, mark in lines:
            time = mark[0]
            if self._span_end is None or time >= self._span_end:
                if self._span_end is not None:
                    writer = self._begin_next()
                self._span_end = time - time % span + span
            writer.write_line(line, mark)

    def _begin(self) -> RecordingWriter:
        path, header = self._path, self._header
        if self._portions is not None:
            number = len(self.paths) + 1
            if number > MAX_PORTIONS:
                raise UsageError(f"{path}: more than {MAX_PORTIONS} files: split it into larger ones")
            path = numbered_path(path, number)
            header = msgspec.structs.replace(header, extra={**header.extra, "part": number})
        return self._create(path, header)

    def _begin_next(self) -> RecordingWriter:
        self._finish_one()
        self._writer = self._begin()
        return self._writer

    def _finish_one(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            path = writer.finish()
        except RecordingExistsError:  # it came meanwhile; the error says where ours is
            raise
        except BaseException:
            part_path(writer.path).unlink(missing_ok=True)
            raise
        self.paths.append(path)
        self.file_size += writer.file_size
        self.text_size += writer.text_size
        self._ratio = writer.file_size / writer.text_size

    def _expected_size(self, writer: RecordingWriter) -> float:
        """Tell how large the file will be with the lines handed over so far: what is packed comes out late."""
        packed = writer.text_size - writer.backlog
        ratio = writer.file_size / packed if packed >= _KNOWN_AT else self._ratio
        return max(writer.file_size, ratio * writer.text_size)

    def _ready_writer(self) -> RecordingWriter:
        """Give the file that grows, once there is not too much before it."""
        if self._writer is None:
            raise ValueError("it was not begun, or is finished")
        self._writer.wait_for_room(_MOST_WAITING)
        return self._writer
