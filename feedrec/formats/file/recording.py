"""What all readers of recordings have in common, whatever the format."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn, Self

from ...errors import LineError
from ...model import DescribeAll, Frame, FrameInfo, Header, Record
from ..line.fast_path import ReceivedFrames, lines_between
from ..line.index import Index, IndexedBlock
from ..line.selection import Selection
from ..stream.text_form import TextForm
from .names import is_part
from .passes.decoded_batch import DecodedBatch, chosen_batch
from .recording_file import RecordingFile

__all__ = ["Recording"]


class Recording(ABC):
    """
    One recording on disk, as returned by `open_recording`.

    Iterate over it for its records, each time from the beginning. Everything that can be read comes first; damage is
    raised after that. Use it in a `with` block, or close it.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The first line as it stands in the file.
        shows_run: Whether parts of one run have headers by which they are found to be that.

    """

    path: Path
    header: Header
    header_line: bytes
    shows_run = True

    def __init__(self, file: RecordingFile) -> None:
        self.path = file.path
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, which ends its iterators."""
        self._file.close()

    @property
    def is_live(self) -> bool:
        """Whether a recorder is still writing this file."""
        return self._file.is_locked()

    @property
    def is_part(self) -> bool:
        """Whether its name says that it is not finished."""
        return is_part(self.path)

    @property
    def size(self) -> int:
        """Present size of the file in bytes."""
        return self._file.size()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self._file.bytes_read

    @property
    def form(self) -> TextForm:
        """What was found beside its lines, in what was read of it last."""
        return TextForm()

    @property
    def index(self) -> Index | None:
        """Its index; None if it has none, or one that cannot be trusted."""
        return None

    def seek(self, start: int) -> int:
        """
        Skip what comes before a time, as far as possible without reading it.

        Args:
            start: Time in nanoseconds: no line at or after it is skipped, nor any line that follows one.

        Returns:
            The number of lines skipped: `batches()` begins after them.

        """
        del start
        return 0

    def blocks_back(
        self,
        *,
        before_place: bool = False,  # noqa: ARG002
        is_wanted: Callable[[IndexedBlock], bool] = lambda _block: True,  # noqa: ARG002
    ) -> Iterator[list[bytes]]:
        """
        Yield the blocks of lines from the last one back, as far as that takes no reading of everything.

        Args:
            before_place: Begin with the last of those that `seek` skipped.
            is_wanted: Asked, from the last one back, of each block that is in the index, whether to read it.

        """
        return iter(())

    def block_text(self, block: IndexedBlock) -> bytes | None:  # noqa: ARG002
        """
        Return the lines of one block of its index, the header apart.

        Returns:
            None if the block is not what the index says: what is wrong with it, `batches` reports.

        Raises:
            RecordingError: If the operating system reports an error.

        """
        return None

    def counted_blocks(self, known: Sequence[IndexedBlock]) -> tuple[list[IndexedBlock], bytes] | None:  # noqa: ARG002
        """
        Count the lines of each block of a recording that has no index, as of one that is being written.

        Args:
            known: What this returned before: only what follows is read.

        Returns:
            The blocks as an index would have them, without times, and with nothing said of channels; and the whole
            lines after the last block. None if they cannot be told apart so simply, or are damaged.

        """
        return None

    @abstractmethod
    def batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the lines after the header, about a block at a time.

        Each call reads anew: without times, from the beginning or from where `seek` led; with either time, only as much
        of the file as it must.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.

        Raises:
            TruncatedRecordingError: After the last complete line, if the file was cut off and is not being written.
            CorruptRecordingError: At the first block or line that is damaged.

        """

    def batches_for(self, selection: Selection) -> Iterator[list[bytes]]:
        """
        Yield the lines of the blocks that may have some of a selection, by its index; of a span of time, only those.

        Without an index everything is read. Raises as `batches` does, for damage to what is read.
        """
        return self.batches_of(selection.may_take_from, selection.start, selection.end)

    def batches_of(
        self,
        is_wanted: Callable[[IndexedBlock], bool],  # noqa: ARG002
        start: int | None = None,
        end: int | None = None,
    ) -> Iterator[list[bytes]]:
        """
        Yield the lines of those blocks of its index that are wanted, or of a span of time in them.

        Without an index everything is read. Raises as `batches` does, for damage to what is read.
        """
        if start is None and end is None:
            return self.batches()
        return lines_between(self.batches(), start, end)

    def batches_with(self, event: str, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:  # noqa: ARG002
        """Yield what `batches` does, but for parts of the file that tell that they have no event of this name."""
        return self.batches(start, end)

    @abstractmethod
    def raise_bad_line(self, line: bytes, error: LineError) -> NoReturn:
        """
        Report the position of an invalid line, for callers that decode what `batches` yields.

        The line is looked for in the latest batch, and then in those that follow: a new reader finds it as well.

        Raises:
            CorruptRecordingError: With the position of the line, and the time of the line before it.
            LineError: The error passed, if there is no such line.

        """

    def __iter__(self) -> Iterator[Record]:
        """
        Yield every record after the header.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for batch in self.decoded_batches():
            for record in batch.records():
                if self._file.is_closed:
                    return
                yield record

    def lines_with_records(self, start: int | None = None, end: int | None = None) -> Iterator[tuple[bytes, Record]]:
        """
        Yield every record after the header together with its line; times as for `batches`.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for batch in self.decoded_batches(start, end):
            for line_with_record in zip(batch.lines, batch.records(), strict=True):
                if self._file.is_closed:
                    return
                yield line_with_record

    def records(
        self, selection: Selection | None = None, describe: Callable[[bytes], FrameInfo] | None = None
    ) -> Iterator[Record]:
        """
        Yield the records of a selection.

        Args:
            selection: The selection; None for everything.
            describe: Describes a payload, e.g. `feedrec.feeds.find_feed(...).describe`; needed for a selection by
                channel or product.

        Raises:
            ValueError: If `describe` is needed and missing.
            DamagedRecordingError: As for `batches`.

        """
        selection = selection or Selection()
        has_index = self.index is not None  # otherwise `batches` searches for the time: `batches_for` reads everything
        batches = self.batches_for(selection) if has_index else self.batches(selection.start, selection.end)
        for batch in self._selected(batches, selection, describe):
            for record in batch.records():
                if self._file.is_closed:
                    return
                yield record

    def selected_batches(
        self,
        selection: Selection,
        describe: Callable[[bytes], FrameInfo] | None = None,
        describe_all: DescribeAll | None = None,
    ) -> Iterator[DecodedBatch]:
        """
        Yield what a selection has of each block that may have some of it, without descriptions.

        Arguments and errors are those of `records`; `describe_all` describes several payloads at once, if anything can.
        """
        return self._selected(self.batches_for(selection), selection, describe, describe_all)

    def _selected(
        self,
        batches: Iterator[list[bytes]],
        selection: Selection,
        describe: Callable[[bytes], FrameInfo] | None,
        describe_all: DescribeAll | None = None,
    ) -> Iterator[DecodedBatch]:
        """Yield what a selection has of lines whose times it takes."""
        if not (selection.channels or selection.products):
            describe = describe_all = None
        elif describe is None:
            raise ValueError("a selection by channel or product needs `describe`")
        if not selection.is_filter:
            yield from self._decoded(batches, None)
            return
        received = ReceivedFrames(describe, trusted=self._is_by_feedrec, describe_all=describe_all)
        for lines in batches:
            try:
                yield chosen_batch(lines, selection, received)
            except LineError:
                for batch in self._decode_one_by_one(received, lines):
                    yield batch.chosen(selection, received.describe)

    def frame_batches(
        self,
        start: int | None = None,
        end: int | None = None,
        describe: Callable[[bytes], FrameInfo] | None = None,
    ) -> Iterator[tuple[list[Frame], list[FrameInfo]]]:
        """
        Yield the received frames, a few thousand at a time.

        Args:
            start: First time, inclusive, in nanoseconds.
            end: Last time, exclusive, in nanoseconds.
            describe: Describes a frame.

        Returns:
            Frames, and their descriptions; no descriptions without `describe`.

        Raises:
            DamagedRecordingError: As for `batches`.

        """
        for batch in self.decoded_batches(start, end, describe):
            yield batch.frames, batch.infos

    def payload_batches(self, start: int | None = None, end: int | None = None) -> Iterator[list[bytes]]:
        """
        Yield the payloads of the received frames, a few thousand at a time: the fastest way to read a recording.

        If the recording has an index, which proves that feedrec wrote it, its payloads are cut out of their lines
        without parsing, and nothing else is made of them. Arguments and errors are those of `frame_batches`.
        """
        if self.index is None:
            for frames, _ in self.frame_batches(start, end):
                yield [frame.payload for frame in frames]
            return
        received = ReceivedFrames()
        for lines in self._ended_batches(start, end):
            try:
                payloads = received.payloads(lines, ended=True)
            except LineError:
                for batch in self._decode_one_by_one(received, [line[:-1] for line in lines]):
                    yield [frame.payload for frame in batch.frames]
            else:
                del lines  # the next block takes its memory, which the processor has in its cache
                yield payloads

    def _ended_batches(self, start: int | None, end: int | None) -> Iterator[list[bytes]]:
        """Yield what `batches` does, each line with a line feed: what is cut out of it is copied only once then."""
        for lines in self.batches(start, end):
            yield [line + b"\n" for line in lines]

    def decoded_batches(
        self,
        start: int | None = None,
        end: int | None = None,
        describe: Callable[[bytes], FrameInfo] | None = None,
    ) -> Iterator[DecodedBatch]:
        """
        Yield every record, a few thousand at a time, with received frames apart from all others.

        Arguments and errors are those of `frame_batches`.
        """
        return self._decoded(self.batches(start, end), describe)

    def _decoded(
        self, batches: Iterator[list[bytes]], describe: Callable[[bytes], FrameInfo] | None
    ) -> Iterator[DecodedBatch]:
        received = ReceivedFrames(describe, trusted=self._is_by_feedrec)
        for lines in batches:
            others: list[Record] = []
            places: list[int] = []
            try:
                yield DecodedBatch(lines, *received.decode(lines, others, places), others, places)
            except LineError:
                yield from self._decode_one_by_one(received, lines)

    @property
    def _is_by_feedrec(self) -> bool:
        """Whether an index proves, without waiting for the end of a pipe, that feedrec wrote the lines."""
        return False

    def _decode_one_by_one(self, received: ReceivedFrames, lines: list[bytes]) -> Iterator[DecodedBatch]:
        """Yield what comes before the first invalid line, then report where that is."""
        for line in lines:
            others: list[Record] = []
            try:
                yield DecodedBatch([line], *received.decode([line], others), others, [0] * len(others))
            except LineError as error:
                self.raise_bad_line(line, error)
