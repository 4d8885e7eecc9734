"""
Reads a recording of lines: whole, cut off, or still being written; all of it, or a span of time.

Memory is bounded by a block and a line, whatever the size of the file.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import zstandard

from ...errors import LineError, NotARecordingError, RecordingError, TruncatedRecordingError
from ...model import format_time
from ..line.codec import decode_header
from ..line.fast_path import lines_between
from ..line.index import Index, IndexedBlock, read_index
from ..places.url_path import place_of
from ..stream.gzip_members import GzipDecoder, looks_like_gzip
from ..stream.plain import PlainDecoder
from ..stream.protocols import MAX_LINE, Decoder
from ..stream.text_form import HEAD, TextForm, foreign_text, looks_like_lines
from ..stream.zstd_blocks import BLOCK_SIZE, BlockDecoder
from ..stream.zstd_parser import MAX_WINDOW, StreamDamage, looks_like_zstd
from .block_search import FrameSpan, range_between, walk_frames
from .passes.block_pass import BlockPass, text_of_block
from .passes.line_pass import ByteRange, LinePass
from .recording import Recording
from .recording_file import RecordingFile

__all__ = ["RecordingReader"]

_LARGEST_BLOCK = MAX_LINE + BLOCK_SIZE  # bytes of text
_TAIL = 1 << 20  # bytes of a plain file in which its last reading is looked for


class RecordingReader(Recording):
    """
    A `.jsonl.zst`, `.jsonl` or `.jsonl.gz`, finished or with the suffix `.part`.

    Args:
        path: The file.
        wait: As for `open_recording`.
        once: As for `open_recording`.

    Raises:
        NotARecordingError: If there is no such file, it was written by something else, or it is not a regular file.
        RecordingError: If it cannot be opened.

    """

    def __init__(self, path: Path | str, *, wait: Callable[[], bool] | None = None, once: bool = False) -> None:
        super().__init__(RecordingFile(place_of(path), once=once))
        self._wait = wait
        self._index: Index | None = None
        self._looked_for_index = False
        self._begin = ByteRange()
        self._is_read = False
        try:
            self._sequence = LinePass(self._file, _decoder_of(self._file), wait=wait)
            self._latest: LinePass | BlockPass = self._sequence
            self.header_line = self._sequence.take_header()
            self.header = decode_header(self.header_line)
        except LineError as error:
            self._file.close()
            raise NotARecordingError(self.path, str(error)) from error
        except BaseException:
            self._file.close()
            raise

    @property
    def form(self) -> TextForm:
        return self._latest.form

    @property
    def index(self) -> Index | None:
        if not self._looked_for_index:
            self._looked_for_index = True
            if self._is_compressed:
                self._index = read_index(self._file.read_at, self.size)
        return self._index

    def seek(self, start: int) -> int:
        if self.index is None:
            return 0
        passed, offset = 0, self.index.end  # nothing is left if all of it is before that time
        latest: int | None = None
        for block in self.index.blocks:
            if block.last is not None and block.last >= start:
                offset = block.offset
                break
            passed += block.lines
            latest = block.last
        if passed or self._begin.start:
            self._begin = ByteRange(offset, None, None if latest is None else format_time(latest))
            self._sequence, self._is_read = self._pass_over(self._begin, self._wait), False
        return passed

    def block_text(self, block: IndexedBlock) -> bytes | None:
        text = text_of_block(self._file, block)
        if text is None or not text.endswith(b"\n"):
            return None
        if not block.offset:
            text = text[text.find(b"\n") + 1 :]
        return text if text.count(b"\n") == block.lines else None

    def counted_blocks(self, known: Sequence[IndexedBlock]) -> tuple[list[IndexedBlock], bytes] | None:
        if not self._is_compressed:
            return None
        blocks = list(known)
        end = blocks[-1].end if blocks else 0
        with contextlib.suppress(StreamDamage):  # the end of what is whole; reading the rest tells whether it is damage
            for span in walk_frames(self._file.read_at, self.size, end):
                text = None if span.skippable is not None else self._unzipped(span)
                if text is None or not text.endswith(b"\n") or b"\n\n" in text or b"\r" in text:
                    return None  # another tool wrote it, which may break lines anywhere
                lines = text.count(b"\n") - (not span.start)
                frames = {"0": {"": lines}}
                blocks.append(IndexedBlock(span.start, span.end - span.start, len(text), lines, 0, frames=frames))
                end = span.end
        rest: list[bytes] = []
        try:
            for batch in self._pass_over(ByteRange(end)).batches():
                rest += batch
        except TruncatedRecordingError:
            pass
        except RecordingError:  # it is reported by whoever reads that far
            return None
        return (blocks, b"".join(line + b"\n" for line in rest)) if end else None

    def _unzipped(self, span: FrameSpan) -> bytes | None:
        """Return the text of a zstd frame; None if it cannot be decompressed, or there is too much of it."""
        packed = self._file.read_at(span.start, span.end - span.start)
        text = b""
        try:
            with zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(packed) as reader:
                while len(text) <= _LARGEST_BLOCK and (piece := reader.read(2 * BLOCK_SIZE)):
                    text += piece
        except zstandard.ZstdError:
            return None
        return text if len(text) <= _LARGEST_BLOCK else None

    def blocks_back(
        self, *, before_place: bool = False, is_wanted: Callable[[IndexedBlock], bool] = lambda _block: True
    ) -> Iterator[list[bytes]]:
        until = self._begin.start if before_place else self.size
        if not self._is_compressed:
            if not before_place and isinstance(self._sequence.decoder, PlainDecoder):
                start = max(0, until - _TAIL)
                yield self._file.read_at(start, until - start).split(b"\n")[1:-1]
            return
        for where in self._blocks_before(until, is_wanted):
            with contextlib.suppress(RecordingError):
                yield [line for lines in self._pass_over(where).batches() for line in lines]

    def _blocks_before(self, end: int, is_wanted: Callable[[IndexedBlock], bool]) -> Iterator[ByteRange]:
        """Yield the blocks before an offset from the last one back, as far as the file is whole."""
        if self.index is not None:
            for block in reversed(self.index.blocks):
                if block.offset < end and is_wanted(block):
                    yield ByteRange(block.offset, block.end)
            return
        blocks: list[ByteRange] = []
        with contextlib.suppress(StreamDamage):
            for span in walk_frames(self._file.read_at, end):
                if span.skippable is None:
                    blocks.append(ByteRange(span.start, span.end))  # noqa: PERF401  those before damage count
        yield from reversed(blocks)

    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        if start is None and end is None:
            self._latest = self._pass_from_begin()
            return self._latest.batches()
        self._latest = self._pass_between(start or 0, end)
        return lines_between(self._latest.batches(), start, end)

    def batches_of(
        self, is_wanted: Callable[[IndexedBlock], bool], start: int | None = None, end: int | None = None
    ) -> Iterator[list[bytes]]:
        if self._index_to_read_by is None:
            return super().batches_of(is_wanted, start, end)
        blocks = self._index_to_read_by.blocks
        numbers = [number for number, block in enumerate(blocks) if is_wanted(block)]
        self._latest = self._block_pass(self._index_to_read_by, numbers)
        if start is None and end is None:
            return self._latest.batches()
        return lines_between(self._latest.batches(), start, end)

    def _ended_batches(self, start: int | None, end: int | None) -> Iterator[list[bytes]]:
        self.batches(start, end)  # begins a pass
        if not isinstance(self._latest, BlockPass):
            return super()._ended_batches(start, end)
        lines = self._latest.ended_batches()
        return lines if start is None and end is None else lines_between(lines, start, end)

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        self._latest.raise_bad_line(line, error)

    @property
    def _is_compressed(self) -> bool:
        return isinstance(self._sequence.decoder, BlockDecoder)

    @property
    def _index_to_read_by(self) -> Index | None:
        """Its index, if the file is one that is read by it: not what comes from a pipe, or still grows."""
        return self.index if self._is_compressed and self._wait is None and not self._file.is_pipe else None

    @property
    def _is_by_feedrec(self) -> bool:
        return self._index_to_read_by is not None

    def _pass_from_begin(self) -> LinePass | BlockPass:
        if (index := self._index_to_read_by) is not None:
            numbers = [number for number, block in enumerate(index.blocks) if block.offset >= self._begin.start]
            return self._block_pass(index, numbers)
        if self._is_read and not self._file.is_closed:
            self._sequence = self._pass_anew()
        self._is_read = True
        return self._sequence

    def _pass_between(self, start: int, end: int | None) -> LinePass | BlockPass:
        if not self._is_compressed:
            return self._whole_pass()
        where = range_between(self._file.read_at, self.size, self.index, start, end)
        if (index := self._index_to_read_by) is None:
            return self._pass_over(where)
        numbers = [
            number for number, block in enumerate(index.blocks) if where.start <= block.offset < (where.end or 0)
        ]
        return self._block_pass(index, numbers, where.end)

    def _block_pass(self, index: Index, numbers: Sequence[int], end: int | None = None) -> BlockPass:
        return BlockPass(self._file, self.header_line, index, numbers, self._pass_over, end)

    def _pass_anew(self) -> LinePass:
        return self._pass_over(self._begin, self._wait) if self._is_compressed else self._whole_pass(self._wait)

    def _whole_pass(self, wait: Callable[[], bool] | None = None) -> LinePass:
        whole = LinePass(self._file, _decoder_of(self._file), wait=wait)
        whole.take_header()
        return whole

    def _pass_over(self, where: ByteRange, wait: Callable[[], bool] | None = None) -> LinePass:
        ends_with_seek_table = where.end is None and self._sequence.decoder.ends_with_seek_table
        decoder = BlockDecoder(start=where.start, ends_with_seek_table=ends_with_seek_table)
        one_pass = LinePass(self._file, decoder, where, wait=wait)
        if where.start == 0 and where.end != 0:
            one_pass.take_header()
        return one_pass


def _decoder_of(file: RecordingFile) -> Decoder:
    """
    Choose the decoder by the first bytes of the file.

    Raises:
        NotARecordingError: If no recording begins like this.

    """
    head = file.read_at(0, HEAD)
    if not head:
        raise NotARecordingError(file.path, "the file is empty: not even a header was written")
    if looks_like_zstd(head[:4].ljust(4)):
        return BlockDecoder()
    if looks_like_gzip(head):
        return GzipDecoder()
    if looks_like_lines(head):
        return PlainDecoder()
    raise NotARecordingError(
        file.path, foreign_text(head) or "not a recording: neither zstd, nor gzip, nor lines of JSON"
    )
