"""A file of checkpoints, beside a recording or in a cache: read as far as it is needed, written as a whole."""

from __future__ import annotations

import errno
import os
import stat
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ...errors import ObjectMissingError
from ..file.modes import FileMode
from ..places.url_path import UrlPath, is_there
from .aside import AsideFile
from .state_layout import (
    MAX_BEFORE,
    MAX_STATE,
    Blob,
    Checkpoint,
    Directory,
    FileIdentity,
    StateDamageError,
    decode_blob,
    encode_blob,
    encode_directory,
    read_directory,
)

if TYPE_CHECKING:
    from ..places.object_file import ObjectFile

__all__ = ["StateFile", "StateWriter", "open_state"]

Key = tuple[str, str]


class StateFile:
    """
    A file of checkpoints that is open; close it, or use it in a `with` block.

    Args:
        file: The open file, which becomes its own: a descriptor, or an object of a store.

    Attributes:
        directory: What is in it.

    Raises:
        StateDamageError: If it is not one, or is damaged.
        OSError: If it cannot be read.
        PlaceError: If it is in a store and cannot be read.

    """

    def __init__(self, file: int | ObjectFile) -> None:
        self._file = file
        try:
            self.directory: Directory = read_directory(self._read_at, _size_of(file))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it."""
        if not isinstance(self._file, int):
            self._file.close()
        elif self._file >= 0:
            os.close(self._file)
            self._file = -1

    def read(self, blob: Blob) -> bytes:
        """
        Return a state.

        Raises:
            StateDamageError: If it does not match what the directory says.
            OSError: If it cannot be read.

        """
        return decode_blob(blob, self.read_packed(blob))

    def read_packed(self, blob: Blob) -> bytes:
        """Return the zstd frame of a state as it stands in the file."""
        return self._read_at(blob.offset, blob.size)

    def _read_at(self, offset: int, size: int) -> bytes:
        if isinstance(self._file, int):
            return os.pread(self._file, size, offset)
        return self._file.read_at(offset, size)


def _size_of(file: int | ObjectFile) -> int:
    if not isinstance(file, int):
        return file.size()
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise StateDamageError("it is not a file")
    return status.st_size


def open_state(path: Path) -> StateFile | None:
    """
    Open a file of checkpoints; None if there is none.

    Raises:
        StateDamageError: If it is damaged, or something else than a file.
        OSError: If it cannot be opened or read.
        PlaceError: If it is in a store and cannot be read.

    """
    if isinstance(path, UrlPath):
        return _state_at(path)
    try:
        return StateFile(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK))
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK, errno.ENXIO}:
            raise StateDamageError("it is a link, or no file at all") from error
        raise


def _state_at(path: UrlPath) -> StateFile | None:
    """Open an object with checkpoints; None if there is none."""
    from ..places.object_file import ObjectFile  # noqa: PLC0415  for URLs only

    if not is_there(path, as_listed=True):
        return None
    try:
        return StateFile(ObjectFile(path))
    except ObjectMissingError:
        return None


class StateWriter:
    """
    Writes a file of checkpoints; it replaces what has its name when it is whole.

    Args:
        path: Its name.
        mode: Who may read it.

    Raises:
        OSError: As for `AsideFile`.

    """

    def __init__(self, path: Path, mode: FileMode) -> None:
        self._file = AsideFile(path, mode)
        self._checkpoints: list[Checkpoint] = []

    @property
    def count(self) -> int:
        """Checkpoints added."""
        return len(self._checkpoints)

    def add(self, lines: int, time: int, states: Mapping[Key, tuple[bytes, int]]) -> None:
        """
        Add a checkpoint after those before.

        Args:
            lines: Lines before it.
            time: See `Checkpoint`.
            states: By channel and product: what was dumped, and how many files back the snapshot is. What is larger
                than `MAX_STATE` is left out.

        Raises:
            OSError: If it cannot be written.

        """
        blobs: list[Blob] = []
        for (channel, product), (state, since) in states.items():
            if len(state) <= MAX_STATE and since <= MAX_BEFORE:
                packed = encode_blob(state)
                blobs.append(
                    Blob(channel, product, self._file.size, len(packed), len(state), zlib.crc32(packed), since)
                )
                self._file.write(packed)
        self._checkpoints.append(Checkpoint(lines, time, blobs))

    def copy(self, source: StateFile, checkpoint: Checkpoint) -> None:
        """Add a checkpoint of another file as it is; raises as `add` does, and `StateDamageError`."""
        blobs: list[Blob] = []
        for blob in checkpoint.blobs:
            packed = source.read_packed(blob)
            decode_blob(blob, packed)
            blobs.append(Blob(blob.channel, blob.product, self._file.size, blob.size, blob.text, blob.crc, blob.since))
            self._file.write(packed)
        self._checkpoints.append(Checkpoint(checkpoint.lines, checkpoint.time, blobs))

    def commit(
        self, kind: str, recording: FileIdentity, before: Sequence[FileIdentity] = (), *, sync: bool = True
    ) -> None:
        """
        Write the directory, and give the file its name.

        Args:
            kind: See `Directory`.
            recording: See there.
            before: See there; as far as a state goes back.
            sync: See `AsideFile.commit`.

        Raises:
            OSError: If that fails; then there is no file.
            StateDamageError: If there are more checkpoints than a directory takes; then neither.

        """
        try:
            depth = max((blob.since for one in self._checkpoints for blob in one.blobs), default=0)
            directory = Directory(kind, recording, self._checkpoints, list(before[:depth]))
            self._file.write(encode_directory(directory))
        except BaseException:
            self.discard()
            raise
        self._file.commit(sync=sync)

    def discard(self) -> None:
        """Remove what was written."""
        self._file.discard()
