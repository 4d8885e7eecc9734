"""Builds the index of a recording, and the summary of what is in it, block by block."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import msgspec

from ...errors import LineError
from ...model import FrameInfo, FrameInfos
from ..line.codec import decode_header
from ..line.columns import ReceivedColumns
from ..line.frame_run import FrameRun
from ..line.http_events import is_http_line
from ..line.index import IndexedBlock, Mark, SnapshotPlace, encode_row, encode_rows
from ..line.seek_table import encode_seek_table
from .channel_counts import ChannelCounts
from .facts_builder import Columns, FactsBuilder
from .file_facts import encode_facts
from .sequence_check import MakeRule

__all__ = ["IndexBuilder"]


_LONGEST_CRC = 0xFFFFFFFF


class IndexBuilder:
    """
    Builds an index.

    Attributes:
        requests: `http` events in the blocks that have ended.

    """

    def __init__(self) -> None:
        self._blocks: list[bytes] = []  # as text: a month has a hundred thousand of them
        self._sizes: list[tuple[int, int]] = []
        self._products: dict[str, dict[str, None]] = {}
        self._offset = 0
        self.requests = 0
        self._facts: FactsBuilder | None = None
        self._first: int | None = None
        self._last: int | None = None
        self._begin_block()

    def begin(self, header_line: bytes, make_rule: MakeRule | None) -> None:
        """
        Begin the summary as well, before the first line.

        Args:
            header_line: The header of the file.
            make_rule: As for `FactsBuilder`; None if not every frame comes with its description: then there is none.

        """
        if make_rule is None:
            return
        try:
            self._facts = FactsBuilder(decode_header(header_line), header_line, make_rule)
        except LineError:  # what is no recording has no summary
            self._facts = None

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark]) -> None:
        """Add lines in the block that is being written, with the mark of each; without marks, there is no summary."""
        if len(marks) != len(lines):
            self._facts = None
        if not marks:
            return
        columns: Columns = tuple(zip(*marks, strict=True))  # type: ignore[assignment]
        if self._facts is not None:
            try:
                self._facts.take(lines, columns)
            except LineError:  # of a writer that is not ours
                self._facts = None
        times, conns, infos, sizes, _ = columns
        self._counts.add(conns, infos, sizes)
        if not all(infos) and len(infos) == len(lines):
            found = enumerate(zip(lines, infos, strict=True), self._lines)
            self._http += [number for number, (line, info) in found if info is None and is_http_line(line)]
        self._take(min(times), max(times), infos)

    def add_run(self, run: FrameRun) -> None:
        """Add frames in the block that is being written."""
        if self._facts is not None:
            self._facts.take_run(run)
        self._counts.add_run(run.conn, run.infos, run.sizes)
        self._take(run.times[0], run.times[-1], run.infos)

    def add_received(self, received: ReceivedColumns) -> None:
        """Add frames in the block that is being written."""
        if self._facts is not None:
            self._facts.take_received(received)
        conns, infos, sizes = received.conns, received.infos, list(map(len, received.payloads))
        if conns.count(conns[0]) == len(conns):
            self._counts.add_run(conns[0], infos, sizes)
        else:
            self._counts.add(conns, infos, sizes)
        self._take(received.times[0], received.times[-1], infos)

    def _take(self, first: int, last: int, infos: Sequence[FrameInfo | None]) -> None:
        """Take lines whose earliest and latest times these are."""
        if not isinstance(infos, FrameInfos) or any(info.kind == "snapshot" for info in infos.kinds):
            self._snapshots += [
                SnapshotPlace(self._lines + number, info.channel, info.products)
                for number, info in enumerate(infos)
                if info is not None and info.kind == "snapshot"
            ]
        self._lines += len(infos)
        self._first = first if self._first is None else min(self._first, first)
        self._last = last if self._last is None else max(self._last, last)

    def drop(self) -> None:
        """Forget the lines of the block that is being written, and what they add to the summary."""
        self._facts = None
        self._begin_block()

    @property
    def products(self) -> dict[str, list[str]]:
        """Products by channel, of all blocks that have ended."""
        return {channel: list(names) for channel, names in self._products.items()}

    def end_block(self, size: int, text: int, crc: int) -> IndexedBlock:
        """
        End a block; return its row.

        Args:
            size: Bytes of its zstd frame.
            text: Bytes of its text.
            crc: CRC-32 of the zstd frame.

        """
        block = IndexedBlock(
            self._offset,
            size,
            text,
            self._lines,
            crc,
            self._first,
            self._last,
            self._by_connection(),
            self._snapshots,
            self._http or msgspec.UNSET,
        )
        if self._facts is not None:
            self._facts.take_counts(self._counts)
            self._facts.end_block(self._first, self._last)
            if self._facts.has_too_many_channels:
                self._facts = None
        self._blocks.append(encode_row(block))
        self.requests += len(self._http)
        self._sizes.append((size, text))
        self._offset += size
        self._begin_block()
        return block

    def summary(self) -> bytes | None:
        """Return what is in the file, as JSON, after the last block; None if that is not known, or too much."""
        return None if self._facts is None else encode_facts(self._facts.finish())

    def end_size(self, size: int, text: int) -> int:
        """Return how many bytes `finish` would return if the block that is being written ended now; see `end_block`."""
        other = copy.deepcopy(self)
        if other._lines:  # noqa: SLF001  one of our own
            other.end_block(size, text, _LONGEST_CRC)
        return len(other.finish())

    def finish(self) -> bytes:
        """Return the two skippable frames."""
        summary = self.summary()
        index = encode_rows(self.products, self._blocks, summary, self.requests if summary is None else None)
        return index + encode_seek_table([*self._sizes, (len(index), 0)])

    def _begin_block(self) -> None:
        self._lines = 0
        self._first = self._last = None
        self._counts = ChannelCounts()
        self._snapshots: list[SnapshotPlace] = []
        self._http: list[int] = []

    def _by_connection(self) -> dict[str, dict[str, int]]:
        frames: dict[str, dict[str, int]] = {}
        for (conn, channel, products), (count, _) in self._counts.counts.items():
            by_channel = frames.setdefault(str(conn), {})
            by_channel[channel] = by_channel.get(channel, 0) + count
            self._products.setdefault(channel, {}).update(dict.fromkeys(products or ("",)))
        return frames
