"""What is in a file of another tool, be it plain, gzip or zstd, as its first bytes show."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ...errors import CorruptRecordingError, DamagedRecordingError, TruncatedRecordingError
from ..file.recording_file import RecordingFile
from ..stream.gzip_members import GzipDecoder, looks_like_gzip
from ..stream.line_splitter import LineSplitter
from ..stream.plain import PlainDecoder
from ..stream.protocols import MAX_LINE, Decoder
from ..stream.text_form import BYTE_ORDER_MARK
from ..stream.zstd_blocks import BlockDecoder
from ..stream.zstd_parser import looks_like_zstd
from .torn_members import HEADER, member_starts

__all__ = ["UnpackedFile", "beginning_of", "lines_of", "pieces_of"]

_READ_SIZE = 1 << 18
_OVERLAP = HEADER - 1


class _Uncut(LineSplitter):
    """Cuts nothing: what comes of a file is its content, in pieces."""

    def __init__(self) -> None:
        super().__init__(MAX_LINE)

    def split(self, text: bytes, offset: int) -> list[bytes]:  # noqa: ARG002
        return [text] if text else []


class UnpackedFile:
    """
    What is in a file, in pieces that a splitter makes of it: lines, or whatever comes.

    Args:
        file: The file.
        splitter: Makes the pieces.
        finds_members: Whether what follows a member of gzip that has no end is read, where another one begins.

    Attributes:
        rest: What of the last piece is not whole; known at the end.
        damage: Why the file cannot be read further; None if it can.
        torn: Where a member of gzip begins behind one that has no end, if that is so, for the pieces from there on.

    """

    def __init__(self, file: RecordingFile, splitter: LineSplitter, *, finds_members: bool = False) -> None:
        self.rest = b""
        self.damage: DamagedRecordingError | None = None
        self.torn: int | None = None
        self._file = file
        self._splitter = splitter
        self._decoder = _decoder_of(file, splitter)
        self._finds_members = finds_members
        self._is_first = True
        self._read = 0

    def place_of(self, offset: int) -> int:
        """Return where something stands in the file, by where it is in its content: if it is packed, at most there."""
        return offset if isinstance(self._decoder, PlainDecoder) else self._read

    def batches(self) -> Iterator[list[bytes]]:
        """
        Yield the pieces, some at a time, up to the end or the first damage; the first without a byte order mark.

        Raises:
            RecordingError: If the operating system reports an error.

        """
        for data, begins_member in self._parts():
            if begins_member and isinstance(self._decoder, GzipDecoder) and self._decoder.in_member:
                yield self._unmarked(self._decoder.take_unverified())
                self._splitter.take_rest()
                self._decoder, self.torn = GzipDecoder(splitter=self._splitter), self._read
            self._read += len(data)
            yield from map(self._unmarked, self._decoder.feed(data))
            if (found := self._decoder.damage) is not None:
                self.damage = CorruptRecordingError(self._file.path, found.reason, found.offset, None)
                return
        if pieces := self._decoder.take_unverified():
            yield self._unmarked(pieces)
        (self.rest,) = self._unmarked([self._splitter.take_rest()])
        if self._decoder.unfinished is not None:
            self.damage = TruncatedRecordingError(self._file.path, "the file is cut off", self._read, None)

    def _parts(self) -> Iterator[tuple[bytes, bool]]:
        """Yield the bytes of the file, each time with whether a member of gzip seems to begin there."""
        offset = 0
        finds_members = self._finds_members and isinstance(self._decoder, GzipDecoder)
        while data := self._file.read_at(offset, _READ_SIZE):
            if not finds_members:
                offset += len(data)
                yield data, False
                continue
            is_end = len(data) < _READ_SIZE
            whole = len(data) if is_end else len(data) - _OVERLAP
            starts = [start for start in member_starts(data) if start < whole]
            offset += whole
            for start, end in pairwise([*dict.fromkeys([0, *starts]), whole]):
                yield data[start:end], start in starts

    def _unmarked(self, pieces: list[bytes]) -> list[bytes]:
        if not self._is_first or not pieces:
            return pieces
        self._is_first = False
        return [pieces[0].removeprefix(BYTE_ORDER_MARK), *pieces[1:]]


def lines_of(file: RecordingFile) -> UnpackedFile:
    """Return what gives the lines of a file, without their line feeds; `rest` is what follows the last one."""
    return UnpackedFile(file, LineSplitter(MAX_LINE), finds_members=True)


def pieces_of(file: RecordingFile) -> UnpackedFile:
    """Return what gives the bytes of a file, in pieces of any size; `rest` is empty."""
    return UnpackedFile(file, _Uncut())


def beginning_of(file: RecordingFile, size: int) -> bytes:
    """
    Return the first bytes of what is in a file, and perhaps more; fewer if there are no more, or they are damaged.

    Raises:
        RecordingError: If the operating system reports an error.

    """
    head = b""
    for pieces in UnpackedFile(file, _Uncut(), finds_members=True).batches():
        head = b"".join([head, *pieces])
        if len(head) >= size:
            break
    return head


def _decoder_of(file: RecordingFile, splitter: LineSplitter) -> Decoder:
    head = file.read_at(0, 4)
    if looks_like_zstd(head.ljust(4)):
        return BlockDecoder(ends_with_seek_table=False, splitter=splitter)
    return GzipDecoder(splitter=splitter) if looks_like_gzip(head) else PlainDecoder(splitter=splitter)
