"""A disk in memory that refuses, loses and moves files as a test says."""

from __future__ import annotations

import itertools
import math
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path

from feedrec.errors import RecordingExistsError, WriteError
from feedrec.formats.file.growing.growing_file import GrowingFile
from feedrec.formats.line.codec import encode_header
from feedrec.formats.stream.plain import PlainDecoder, PlainEncoder
from feedrec.formats.stream.protocols import Decoder, Encoder
from feedrec.formats.stream.zstd_blocks import BlockDecoder, BlockEncoder
from feedrec.model import Header

HEADER = encode_header(Header("raw", created=7))
BLOCK_SIZE = 400


class FaultyTarget:
    """A file of the disk."""

    def __init__(self, path: Path, disk: FaultyDisk) -> None:
        self.path = path
        self.identity = os.stat_result([0] * 10)
        self.busy_since: float | None = None
        self.on_removed: Callable[[], object] = lambda: None
        self.data = bytearray()
        self.size = 0
        self.ending = "open"
        self.is_in_place, self.is_gone = True, False
        self.place: Path | None = path.with_name(f"{path.name}.part")
        self._disk = disk

    @property
    def free_space(self) -> float:
        return self._disk.free_space

    def write(self, data: bytes) -> None:
        taken, number = self._disk.writes.popleft() if self._disk.writes and data else (len(data), 0)
        self.data += data if not number else data[:taken]
        self.size = len(self.data)
        if number:
            raise _error(self.path, number)

    def follow(self) -> bool:
        return False

    def cut(self, size: int) -> None:
        if self._disk.cannot_cut:
            raise _error(self.path, 5)
        del self.data[size:]
        self.size = size

    def sync(self) -> None:
        if self._disk.syncs and (number := self._disk.syncs.popleft()):
            raise _error(self.path, number)

    def commit(self) -> Path:
        if self.path in self._disk.taken:
            raise RecordingExistsError(self.path, "was created by another program meanwhile")
        self.ending = "committed"
        return self.path

    def release(self) -> None:
        self.ending = "left"

    def remove(self) -> None:
        self._disk.targets.remove(self)
        self.ending = "removed"


class FaultyDisk:
    """
    What a sequence of files is written to.

    Attributes:
        writes: What happens to the next writes: how many bytes are taken, and the error then, 0 for none.
        syncs: What happens to the next syncs: the error, 0 for none.
        opens: What happens when the next files are created: the error, 0 for none.
        taken: Names that other programs have.
        cannot_cut: Whether files cannot be cut off.
        free_space: Bytes that are free.
        targets: The files, in the order in which they were created.

    """

    def __init__(self, *, packed: bool = True) -> None:
        self.writes: deque[tuple[int, int]] = deque()
        self.syncs: deque[int] = deque()
        self.opens: deque[int] = deque()
        self.taken: set[Path] = set()
        self.cannot_cut = False
        self.free_space = math.inf
        self.targets: list[FaultyTarget] = []
        self._packed = packed

    def begin(self, number: int, _time: int | None = None) -> GrowingFile:
        """Create a file."""
        path = Path(f"/x-{number}.jsonl")
        if self.opens and (error := self.opens.popleft()):
            raise _error(path, error)
        if path in self.taken:
            raise RecordingExistsError(path, "already exists")
        target = FaultyTarget(path, self)
        self.targets.append(target)
        encoder: Encoder = BlockEncoder(1, BLOCK_SIZE) if self._packed else PlainEncoder()
        return GrowingFile(target, encoder, HEADER)

    def lines(self, target: FaultyTarget) -> list[bytes]:
        """Return the lines that can be read of a file, without its header."""
        decoder: Decoder = BlockDecoder() if self._packed else PlainDecoder()
        found = list(itertools.chain.from_iterable(decoder.feed(bytes(target.data))))
        return (found + decoder.take_unverified())[1:]

    def all_lines(self) -> list[bytes]:
        """Return the lines of all files."""
        return [line for target in self.targets for line in self.lines(target)]


def _error(path: Path, number: int) -> WriteError:
    error = WriteError(path, "cannot be written")
    error.__cause__ = OSError(number, os.strerror(number))
    return error
