"""What a recording says of itself, compared with what it is: order, sequence, index and seek table."""

from __future__ import annotations

import contextlib
import itertools
import zlib
from collections.abc import Iterator

import msgspec

from ...model import Event, FrameInfo, Record, format_time
from ..facts.file_facts import FileFacts, decode_facts
from ..facts.index_builder import IndexBuilder
from ..facts.sequence_check import Discontinuity, MakeRule, SequenceCheck
from ..file.block_search import ReadAt
from ..line.columns import ReceivedColumns
from ..line.index import INDEX_MAGIC, Index, IndexedBlock, Mark, find_index
from ..line.seek_table import Tail, encode_seek_table, find_seek_table
from ..stream.zstd_parser import FrameEnd
from .salvage_blocks import Hole

__all__ = ["IndexCheck", "LineCheck"]

_READ_SIZE = 1 << 20
_LINES_HELD = 1024

Finding = tuple[str, str]
"""Kind and text of a problem."""


class LineCheck:
    """
    Checks each record against those before it.

    Args:
        make_rule: Makes the sequence rule for one connection; None to ignore gaps.

    Attributes:
        last_time: Time of the latest record; None before the first.
        sequence: What the numbers of frames tell.
        repaired: `damage` events seen.

    """

    def __init__(self, make_rule: MakeRule | None) -> None:
        self.last_time: int | None = None
        self.sequence = SequenceCheck(make_rule)
        self.repaired = 0
        self._clock_changed = False

    def take(self, record: Record, info: FrameInfo | None) -> list[Finding]:
        """Check the next record; `info` is the description of a received frame."""
        is_clock = isinstance(record, Event) and record.name == "clock"
        found = self._step_to(record.time, is_clock=is_clock)
        if isinstance(record, Event):
            self._take_event(record)
        elif info is not None:
            gap = self.sequence.take_frame(record, info)
            if gap is not None:
                found.append(("gap", _gap_text(record.conn, gap)))
        return found

    def take_received(self, received: ReceivedColumns) -> list[tuple[str, str, int]]:
        """Check received frames that follow each other; return what was found, each with the time of its line."""
        times, conns = received.times, received.conns
        found = [(kind, text, times[0]) for kind, text in self._step_to(times[0], is_clock=False)]
        self.last_time = times[-1]
        gaps = self.sequence.take_run(times, conns, received.infos)
        return found + [("gap", _gap_text(conns[number], gap), times[number]) for number, gap in gaps]

    def forget(self) -> None:
        """Expect records to be missing here, which was reported."""
        self.sequence.forget()
        self._clock_changed = True  # a clock event may be among them

    def _step_to(self, time: int, *, is_clock: bool) -> list[Finding]:
        last, self.last_time = self.last_time, time
        may_step = is_clock or self._clock_changed
        self._clock_changed = is_clock
        if last is None or time >= last or may_step:
            return []
        return [("time", f"time steps back from {format_time(last)} without a clock event")]

    def _take_event(self, event: Event) -> None:
        self.sequence.take_event(event)
        if event.name == "damage":
            self.repaired += 1
            self.forget()


def _gap_text(conn: int, gap: Discontinuity) -> str:
    missing = f"{gap.missing} frame{'' if gap.missing == 1 else 's'}"
    numbers = f"expected {gap.expected}, received {gap.received}"
    return f"connection {conn} lacks {missing} without a gap event ({numbers})"


class IndexCheck:
    """
    Checks the index and the seek table against the zstd frames.

    Args:
        read_at: As for `find_index`.
        size: Bytes in the file.
        index: Its index, if it can be trusted.

    Attributes:
        has_table: Whether there is a seek table at the end.
        has_index_frame: Whether a frame with the magic number of an index was seen.
        is_described: Whether the rules of the feed describe the lines; otherwise channels cannot be compared.

    """

    def __init__(self, read_at: ReadAt, size: int, index: Index | None) -> None:
        self.has_index_frame = False
        self.is_described = True
        self._read_at = read_at
        self._size = size
        self._index = index
        self._table: list[tuple[int, int]] = []
        self._table_frame = b""
        with contextlib.suppress(ValueError):
            self._table_frame, self._table = find_seek_table(Tail(read_at, size))
        self.has_table = bool(self._table)
        self._builder = IndexBuilder()
        self._lines: list[bytes] = []  # of the present block
        self._marks: list[Mark] = []
        self._text = 0
        self._rows = 0  # blocks of the index that were compared
        self._entries = 0  # entries of the seek table that were compared
        self._wrong_entries: list[str] = []
        self._wrong_entry_count = 0
        self._has_holes = False

    def take_text(self, size: int) -> None:
        """Add the size of the text of lines."""
        self._text += size

    def begin(self, header_line: bytes, make_rule: MakeRule | None) -> None:
        """Take the header, and the sequence rule of its feed."""
        self._builder.begin(header_line, make_rule)

    def take_mark(self, line: bytes, mark: Mark) -> None:
        """Add a line with its mark."""
        if self._index is not None and self._rows < len(self._index.blocks):
            self._lines.append(line)
            self._marks.append(mark)
            if len(self._lines) >= _LINES_HELD:
                self._hand_over()

    def take_received(self, received: ReceivedColumns) -> None:
        """Add received frames that follow each other."""
        if self._index is not None and self._rows < len(self._index.blocks):
            self._hand_over()
            self._builder.add_received(received)

    def _hand_over(self) -> None:
        if self._lines:
            self._builder.add(self._lines, self._marks)
            self._lines, self._marks = [], []

    def take_hole(self, hole: Hole) -> None:
        """Skip bytes that could not be read: what is said about them cannot be checked."""
        self._has_holes = self._has_holes or hole.lines != 0
        self._text = 0
        self._lines, self._marks = [], []
        self._builder.drop()
        blocks = self._index.blocks if self._index is not None else []
        while self._rows < len(blocks) and blocks[self._rows].offset < hole.end:
            self._builder.end_block(blocks[self._rows].size, 0, 0)
            self._rows += 1
        ends = itertools.accumulate(size for size, _ in self._table)
        self._entries = max(self._entries, sum(1 for end in ends if end <= hole.end))

    def end_frame(self, frame: FrameEnd) -> list[str]:
        """End a zstd frame, after its lines; return what the index says about it that is wrong."""
        text, self._text = self._text, 0
        size = frame.end - frame.start
        if frame.skippable == INDEX_MAGIC:
            self.has_index_frame = True
        is_table = frame.end == self._size and frame.skippable is not None
        if not is_table:
            self._check_entry(frame, (size, text))
        if frame.skippable is not None or self._index is None:
            return []
        if self._rows >= len(self._index.blocks):
            return [f"the block at byte {frame.start} is not in the index"]
        self._hand_over()
        actual = self._builder.end_block(size, text, _crc(self._read_at, frame.start, frame.end))
        actual.offset = frame.start
        stored = self._index.blocks[self._rows]
        self._rows += 1
        return list(self._differences(stored, actual))

    def finish(self) -> Iterator[Finding]:
        """Yield what is wrong with the index and the seek table as a whole."""
        yield from self._wrong_index()
        if not self._table:
            return
        yield from (("seek table", text) for text in self._wrong_entries)
        if self._wrong_entry_count > len(self._wrong_entries):
            yield (
                "seek table",
                f"and {self._wrong_entry_count - len(self._wrong_entries)} more wrong entries",
            )
        if self._entries != len(self._table):
            yield "seek table", f"the seek table has {len(self._table)} entries, the file {self._entries} zstd frames"
        elif len(self._table_frame) == len(encode_seek_table(self._table)) != 0 and self._is_odd:
            yield "seek table", "the descriptor of the seek table has unused bits set"

    def _wrong_index(self) -> Iterator[Finding]:
        """Yield what is wrong with the index as a whole."""
        index = self._index
        if index is None:
            try:
                find_index(self._read_at, self._size)
            except ValueError as error:
                yield "index", str(error)
        elif self._rows < len(index.blocks):
            yield "index", f"the index has {len(index.blocks)} blocks, the file {self._rows}"
        elif not self._has_holes and self._knows_channels and self._builder.products != index.products:
            yield "index", "the products in the index differ from those in the file"
        elif not self._has_holes and index.http not in (None, self._builder.requests):
            yield "index", f"the index has {index.http} requests, the file {self._builder.requests}"
        elif not self._has_holes and (name := self._wrong_fact()) is not None:
            yield "index", f"the summary in the index has other {name} than the file"

    def _wrong_fact(self) -> str | None:
        """Return which figure of the summary is not that of the file; None if there is no other, or no summary."""
        said, found = (self._index and self._index.summary), self._builder.summary()
        if not said or found is None:
            return None
        ours, theirs = decode_facts(found), decode_facts(said)
        if theirs is None:
            return "figures"
        names = FileFacts.__struct_fields__
        return next((name for name in names if getattr(ours, name) != getattr(theirs, name)), None)

    @property
    def _is_odd(self) -> bool:
        return self._table_frame != encode_seek_table(self._table)

    @property
    def _knows_channels(self) -> bool:
        """Whether the index was written with descriptions of frames, and we have them too."""
        return self.is_described and self._index is not None and any(self._index.products)

    def _check_entry(self, frame: FrameEnd, actual: tuple[int, int]) -> None:
        if not self._table:
            return
        number = self._entries
        self._entries += 1
        if number < len(self._table) and self._table[number] != actual:
            self._wrong_entry_count += 1
            if len(self._wrong_entries) < 10:
                text = f"entry {number} of the seek table says {self._table[number]} bytes"
                self._wrong_entries.append(f"{text}, the zstd frame at byte {frame.start} has {actual}")

    def _differences(self, stored: IndexedBlock, actual: IndexedBlock) -> Iterator[str]:
        for name in IndexedBlock.__struct_fields__:
            said, found = getattr(stored, name), getattr(actual, name)
            if name == "snapshots" and not self._knows_channels:
                continue
            if name == "http":
                said, found = stored.requests, (actual.requests if self._knows_requests else [])
            if name == "frames" and not self._knows_channels:
                said, found = _by_connection(said), _by_connection(found)
            if said != found:
                in_index, in_file = (str(msgspec.to_builtins(value))[:80] for value in (said, found))
                yield f"block {self._rows - 1}: {name} is {in_index} in the index, but {in_file} in the file"

    @property
    def _knows_requests(self) -> bool:
        """Whether the index was written by a program that knows `http` events, as far as anything tells."""
        index = self._index
        return index is not None and (index.http is not None or any(block.requests for block in index.blocks))


def _by_connection(frames: dict[str, dict[str, int]]) -> dict[str, int]:
    return {conn: sum(channels.values()) for conn, channels in frames.items()}


def _crc(read_at: ReadAt, start: int, end: int) -> int:
    crc = 0
    for offset in range(start, end, _READ_SIZE):
        crc = zlib.crc32(read_at(offset, min(_READ_SIZE, end - offset)), crc)
    return crc
