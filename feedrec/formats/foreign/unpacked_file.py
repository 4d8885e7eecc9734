"""What is in a file of another tool, be it plain, gzip or zstd, as its first bytes show."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import CorruptRecordingError, DamagedRecordingError, TruncatedRecordingError
from ..file.recording_file import RecordingFile
from ..stream.gzip_members import GzipDecoder, looks_like_gzip
from ..stream.line_splitter import LineSplitter
from ..stream.plain import PlainDecoder
from ..stream.protocols import MAX_LINE, Decoder
from ..stream.text_form import BYTE_ORDER_MARK
from ..stream.zstd_blocks import BlockDecoder
from ..stream.zstd_parser import looks_like_zstd

__all__ = ["UnpackedFile", "beginning_of", "lines_of", "pieces_of"]

_READ_SIZE = 1 << 18


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

    Attributes:
        rest: What of the last piece is not whole; known at the end.
        damage: Why the file cannot be read further; None if it can.

    """

    def __init__(self, file: RecordingFile, splitter: LineSplitter) -> None:
        self.rest = b""
        self.damage: DamagedRecordingError | None = None
        self._file = file
        self._splitter = splitter
        self._decoder = _decoder_of(file, splitter)
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
        decoder, offset = self._decoder, 0
        while data := self._file.read_at(offset, _READ_SIZE):
            offset += len(data)
            self._read = offset
            yield from map(self._unmarked, decoder.feed(data))
            if (found := decoder.damage) is not None:
                self.damage = CorruptRecordingError(self._file.path, found.reason, found.offset, None)
                return
        if pieces := decoder.take_unverified():
            yield self._unmarked(pieces)
        (self.rest,) = self._unmarked([self._splitter.take_rest()])
        if decoder.unfinished is not None:
            self.damage = TruncatedRecordingError(self._file.path, "the file is cut off", offset, None)

    def _unmarked(self, pieces: list[bytes]) -> list[bytes]:
        if not self._is_first:
            return pieces
        self._is_first = False
        return [pieces[0].removeprefix(BYTE_ORDER_MARK), *pieces[1:]]


def lines_of(file: RecordingFile) -> UnpackedFile:
    """Return what gives the lines of a file, without their line feeds; `rest` is what follows the last one."""
    return UnpackedFile(file, LineSplitter(MAX_LINE))


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
    for pieces in pieces_of(file).batches():
        head = b"".join([head, *pieces])
        if len(head) >= size:
            break
    return head


def _decoder_of(file: RecordingFile, splitter: LineSplitter) -> Decoder:
    head = file.read_at(0, 4)
    if looks_like_zstd(head.ljust(4)):
        return BlockDecoder(ends_with_seek_table=False, splitter=splitter)
    return GzipDecoder(splitter=splitter) if looks_like_gzip(head) else PlainDecoder(splitter=splitter)
