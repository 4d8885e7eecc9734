"""The file or stream that an export writes: a file gets its name when it is whole, and is gone if that fails."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ...errors import RecordingExistsError, WriteError
from ...formats.checkpoints.aside import AsideFile
from ...formats.file.modes import FileMode, mode_as_strict_as
from ...formats.file.stream_target import StreamTarget
from ...formats.several.inputs import Input
from ...formats.several.joined_files import refuse_input

__all__ = ["Destination"]

_AT_ONCE = 1 << 20  # bytes


class Destination:
    """
    Where the bytes of an export go.

    Args:
        path: Its name; a link that has it is replaced, not followed.
        inputs: What is exported: none of it is overwritten, and whoever may not read it may not read the output.
        stream: What to write to in place of a file, such as stdout.
        overwrite: Whether another file may be replaced.
        mode: Who may read it; None for those who may read all inputs.

    Attributes:
        path: Its name.
        size: Bytes written so far.
        on_written: Called when some of it was written.

    Raises:
        UsageError: If it is one of the inputs.
        RecordingExistsError: If the name is taken and `overwrite` is false.
        WriteError: If it cannot be created.

    """

    def __init__(
        self,
        path: Path,
        inputs: Sequence[Input],
        stream: BinaryIO | None = None,
        *,
        overwrite: bool = False,
        mode: FileMode | None = None,
    ) -> None:
        self.path = path
        self.size = 0
        self.on_written: Callable[[], object] = lambda: None
        self._waiting: list[bytes] = []
        self._waiting_size = 0
        self._overwrite = overwrite
        self._file: AsideFile | None = None
        self._stream = None if stream is None else StreamTarget(stream, path)
        if stream is None:
            refuse_input(path, inputs)
            self._refuse_what_is_there()
            with self._explaining_errors():
                self._file = AsideFile(path, mode or mode_as_strict_as(one.path for one in inputs))

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream, which keeps what it has got."""
        return self._stream is not None

    @property
    def folder(self) -> Path | None:
        """Where there is room for as much again; None for a stream."""
        return None if self.is_stream else self.path.parent

    def write(self, data: bytes) -> None:
        """
        Append, sooner or later.

        Raises:
            WriteError: If that fails.

        """
        self._waiting.append(data)
        self._waiting_size += len(data)
        self.size += len(data)
        if self._waiting_size >= _AT_ONCE:
            self._hand_over()

    def commit(self) -> None:
        """
        Write what waits, and give the file its name.

        Raises:
            RecordingExistsError: If it was taken meanwhile.
            WriteError: If the operating system reports an error.

        """
        self._hand_over()
        file, self._file = self._file, None  # if that fails, it is gone
        if file is not None:
            with self._explaining_errors():
                file.commit(overwrite=self._overwrite)

    def discard(self) -> None:
        """Remove the file; what a stream has got stays there."""
        if self._file is not None:
            self._file.discard()

    def _hand_over(self) -> None:
        data = b"".join(self._waiting)
        self._waiting, self._waiting_size = [], 0
        if self._stream is not None:
            self._stream.write(data)
        elif self._file is not None:
            with self._explaining_errors():
                self._file.write(data)
        self.on_written()

    def _refuse_what_is_there(self) -> None:
        if self.path.is_dir():
            raise WriteError(self.path, "is a folder: name a file in it")
        if os.path.lexists(self.path) and not self._overwrite:
            raise self._taken()
        if self.path.exists() and not self.path.is_file():
            raise WriteError(self.path, "is a pipe or device: name a file, or use - for stdout")

    def _taken(self) -> RecordingExistsError:
        return RecordingExistsError(self.path, "already exists: choose another name, or use --overwrite")

    @contextlib.contextmanager
    def _explaining_errors(self) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise self._taken() from None
        except OSError as error:
            reason = "its folder does not exist" if isinstance(error, FileNotFoundError) else error.strerror or error
            raise WriteError(self.path, f"cannot be written: {reason}") from error
