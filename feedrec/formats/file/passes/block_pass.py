"""One pass over the blocks of a finished recording, each read and decompressed as a whole, as its index says."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

import zstandard

from ....errors import LineError
from ....model import format_time
from ...line.codec import line_time
from ...line.index import Index, IndexedBlock
from ...stream.protocols import MAX_LINE
from ...stream.text_form import TextForm
from ...stream.zstd_parser import MAX_WINDOW
from ..recording_file import RecordingFile
from .line_pass import ByteRange, LinePass

__all__ = ["BlockPass", "text_of_block"]


class BlockPass:
    """
    One pass, with what `LinePass` gives, in two thirds of the time.

    At the first block that is not just as the index says, or not as a writer of recordings writes it, a `LinePass` goes
    on from there to the end: what is damaged is found and reported by that alone.

    Args:
        file: The file.
        header_line: Its first line.
        index: Its index.
        numbers: The blocks to read, in ascending order.
        careful: Makes the `LinePass` over the lines of a part of the file.
        end: Where that ends; None for the end of the file.

    """

    def __init__(
        self,
        file: RecordingFile,
        header_line: bytes,
        index: Index,
        numbers: Sequence[int],
        careful: Callable[[ByteRange], LinePass],
        end: int | None = None,
    ) -> None:
        self._file = file
        self._header = header_line + b"\n"
        self._blocks = index.blocks
        self._numbers = numbers
        self._begin_careful = careful
        self._end = end
        self._careful: LinePass | None = None
        self._number = numbers[0] if numbers else len(index.blocks)
        self._last_time = self._indexed_time_before(self._number)  # before the latest batch

    @property
    def form(self) -> TextForm:
        """What was found beside the lines."""
        return TextForm() if self._careful is None else self._careful.form

    def batches(self) -> Iterator[list[bytes]]:
        """Yield the lines of all blocks; raises as `LinePass.batches` does."""
        for ended in self.ended_batches():
            lines = [line[:-1] for line in ended]
            del ended
            yield lines

    def ended_batches(self) -> Iterator[list[bytes]]:
        """Yield the same, each line with its line feed: whoever cuts something out of it saves a copy."""
        last = self._number - 1
        if not self._file.is_here:
            self._file.expect((self._blocks[number].offset, self._blocks[number].end) for number in self._numbers)
        for number in self._numbers:
            if self._file.is_closed:
                return
            if number != last + 1:
                self._last_time = self._indexed_time_before(number)
            self._number = last = number
            lines = self._lines_of(number)
            if lines is None:
                self._careful = self._careful_from(number)
                for batch in self._careful.batches():
                    yield [line + b"\n" for line in batch]
                return
            if lines:
                last_line = lines[-1]
                yield lines
                del lines  # the next block takes their memory, if nobody else keeps them
                self._last_time = line_time(last_line) or self._last_time
                del last_line

    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """Report the position of an invalid line; see `Recording.raise_bad_line`."""
        (self._careful or self._careful_from(self._number)).raise_bad_line(line, error)

    def _careful_from(self, number: int) -> LinePass:
        start = self._blocks[number].offset if number < len(self._blocks) else self._end or 0
        return self._begin_careful(ByteRange(start, self._end, self._last_time))

    def _indexed_time_before(self, number: int) -> str | None:
        before = self._blocks[number - 1].last if number else None
        return None if before is None else format_time(before)

    def _lines_of(self, number: int) -> list[bytes] | None:
        """Return the lines of a block; None if anything about it is odd."""
        text = text_of_block(self._file, self._blocks[number])
        if text is None or not text.endswith(b"\n") or b"\r" in text:
            return None
        if not number:
            if not text.startswith(self._header):
                return None
            text = text[len(self._header) :]
            if not text:
                return []
        # A single line is not copied: it may have 96 MiB.
        lines = [text] if text.find(b"\n") == len(text) - 1 else io.BytesIO(text).readlines()
        return None if b"\n" in lines else lines


def text_of_block(file: RecordingFile, block: IndexedBlock) -> bytes | None:
    """Return the text of a block, whose checksum matches; None if it is not what the index says."""
    if block.text > MAX_LINE or block.size > MAX_LINE:
        return None
    packed = file.read_at(block.offset, block.size)
    try:
        if zstandard.frame_content_size(packed) >= 0:  # no writer gives it, and it alone would bound the memory
            return None
        unpacker = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        text = unpacker.decompress(packed, max_output_size=block.text, allow_extra_data=False)
    except zstandard.ZstdError:
        return None
    return text if len(text) == block.text else None
