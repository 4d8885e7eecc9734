"""One recording of which the index tells where to look for what."""

from __future__ import annotations

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress
from pathlib import Path

from ...errors import LineError
from ...feeds.venue import Key
from ...formats import Recording, open_recording
from ...formats.facts.repeats import Overlaps
from ...formats.file.opening import under_current_name
from ...formats.line.fast_path import ReceivedFrames, time_texts
from ...formats.line.index import Index, IndexedBlock
from ...formats.line.line_search import lines_with
from ...model import Describe, Frame, FrameInfo, format_time

__all__ = ["Looks", "PastFile", "TimedFrame", "TimedPayloads", "TimedRun", "UnknownPastError"]

Looks = Callable[[Collection[str]], Collection[tuple[bytes, ...]]]
"""What to look for in a block with frames of some channels, see `lines_with`; nothing if it need not be read."""

TimedFrame = tuple[bytes, int, FrameInfo, bytes]
"""Steady time as text, empty where it is not needed; number of the recording; what the frame is; its payload."""

TimedPayloads = tuple[bytes, int, list[bytes]]
"""The same of some frames that follow each other, with their payloads alone."""

TimedRun = tuple[bytes, int, list[Frame], list[FrameInfo]]
"""The same of some frames that follow each other, whole, and what each of them is."""

_FEW_LINES = 32

_UNKNOWN = ""  # the channel of frames about which nothing was known when the index was written


class UnknownPastError(Exception):
    """The indexes do not tell, or not the truth: everything must be read, which reports what is damaged."""


class PastFile:
    """
    One recording. Close it.

    Args:
        number: Its number in the timeline.
        path: The file.
        index: Its index.
        describe: Describes its frames.
        rest: Whole lines after the blocks of the index, if it is one that was not in the file.

    Attributes:
        lines: How many it has, the header apart.

    """

    def __init__(
        self, number: int, path: Path, index: Index, describe: Describe | None, rest: bytes | None = None
    ) -> None:
        self.number = number
        self._path = path
        self._products = index.products
        self._overlaps = Overlaps(index)
        self._blocks = list(index.blocks)
        self._is_ours = rest is None  # else another program may have written some lines
        self._rest = rest
        if rest is not None:
            lines = rest.count(b"\n")
            self._blocks.append(IndexedBlock(index.end, 0, len(rest), lines, 0, frames={"0": {_UNKNOWN: lines}}))
        self._starts = [0, *itertools.accumulate(block.lines for block in self._blocks)]
        self._latest = [*itertools.accumulate((block.last or 0 for block in self._blocks), max)]
        self._describe = describe
        self._recording: Recording | None = None
        self.lines = self._starts[-1]

    @property
    def span(self) -> tuple[int, int]:
        """Its earliest and its latest time in nanoseconds; 0 if it has no line."""
        firsts = [block.first for block in self._blocks if block.first is not None]
        return min(firsts, default=0), max(self._latest, default=0)

    @property
    def names_nothing(self) -> bool:
        """Whether its index was written without knowing what its frames are."""
        return not any(channel != _UNKNOWN for channel in self._products)

    def close(self) -> None:
        """Close the file; it is opened again when it is needed."""
        if self._recording is not None:
            self._recording.close()
            self._recording = None

    def may_have(self, channels: Collection[str], product: str) -> bool:
        """Return whether it may have frames of one of some channels, of any if there are none, and of a product."""
        products = self._products
        if _UNKNOWN in products:
            return True
        return any(not product or product in products.get(channel, ()) for channel in channels or products)

    def place_of_snapshot(self, key: Key, end: int) -> tuple[int, int] | None:
        """
        Find the last block with a snapshot of a key.

        Args:
            key: Channel and product.
            end: How many lines count.

        Returns:
            The earliest time of the block, and the number of lines before it; None if there is none.

        """
        channel, product = key
        for block, start in self._blocks_before(end):
            for place in block.snapshots:
                if place.channel == channel and product in place.products and start + place.line < end:
                    return block.first or 0, start
        return None

    def lines_until(self, time: int) -> int:
        """Return how many lines are before the first one at or after a wall time, to the block."""
        return self._starts[bisect_left(self._latest, time)]

    def lines_before(self, time: int) -> int:
        """
        Return how many lines are before the first one at or after a wall time.

        Raises:
            UnknownPastError: If the index does not tell the truth.

        """
        number = bisect_left(self._latest, time)
        start = self._starts[number]
        if number == len(self._blocks) or (self._blocks[number].first or 0) >= time:
            return start
        text = format_time(time).encode()
        times = time_texts(self._text(number).split(b"\n")[:-1])
        return start + next((place for place, one in enumerate(times) if one >= text), len(times))

    def frames_back(self, begin: int, end: int, looks: Looks, *, is_timed: bool) -> Iterator[TimedFrame]:
        """
        Yield received frames from the last one back, each that `looks` may mean, and others.

        Args:
            begin: How many lines do not count, the first ones.
            end: How many lines count.
            looks: What to look for.
            is_timed: Whether to tell their times.

        Raises:
            UnknownPastError: If the index does not tell the truth.
            RecordingError: If the operating system reports an error.

        """
        first = bisect_right(self._starts, begin) - 1
        for number in range(bisect_left(self._starts, end) - 1, first - 1, -1):
            lines, times = self._lines(number, begin, end, looks, is_timed=is_timed)
            for start in range(len(lines) - 1, -1, -_FEW_LINES):  # the last ones may be enough
                some = slice(max(start + 1 - _FEW_LINES, 0), start + 1)
                yield from reversed(self._decoded(lines[some], times[some]))

    def payloads_since(self, start: int, end: int, looks: Looks, *, is_timed: bool) -> Iterator[TimedPayloads]:
        """Yield the payloads of such frames in order, after the first `start` lines; otherwise as `frames_back`."""
        received, number, overlaps = ReceivedFrames(), self.number, self._overlaps.reading(self._describe)
        for block in range(bisect_right(self._starts, start) - 1, bisect_left(self._starts, end)):
            lines, times = self._lines(block, start, end, looks, is_timed=is_timed)
            try:
                if overlaps is not None:
                    kept = overlaps.counts(block, lines)
                    lines, times = list(compress(lines, kept)), list(compress(times, kept))
                if is_timed:
                    for line, time in zip(lines, times, strict=True):
                        yield time, number, received.payloads([line], texts_only=True)
                elif lines and self._is_ours:
                    yield b"", number, received.payloads(lines, texts_only=True)
                elif lines:
                    frames, _ = received.decode(lines)
                    yield b"", number, [frame.payload for frame in frames if not frame.binary]
            except LineError as error:
                raise UnknownPastError from error

    def runs_since(self, start: int, end: int, looks: Looks, *, is_timed: bool) -> Iterator[TimedRun]:
        """Yield such frames whole in order, after the first `start` lines; otherwise as `frames_back`."""
        received, number, overlaps = ReceivedFrames(self._describe), self.number, self._overlaps.reading(self._describe)
        for block in range(bisect_right(self._starts, start) - 1, bisect_left(self._starts, end)):
            lines, times = self._lines(block, start, end, looks, is_timed=is_timed)
            try:
                if overlaps is not None:
                    kept = overlaps.counts(block, lines)
                    lines, times = list(compress(lines, kept)), list(compress(times, kept))
                if is_timed:
                    for line, time in zip(lines, times, strict=True):
                        yield time, number, *received.decode([line])
                else:
                    for first in range(0, len(lines), _FEW_LINES):  # the first ones may be enough
                        yield b"", number, *received.decode(lines[first : first + _FEW_LINES])
            except LineError as error:
                raise UnknownPastError from error

    def _blocks_before(self, end: int) -> Iterator[tuple[IndexedBlock, int]]:
        """Yield the blocks that have one of the first lines, the last one first, and the lines before each."""
        count = bisect_left(self._starts, end)
        return zip(reversed(self._blocks[:count]), reversed(self._starts[:count]), strict=True)

    def _lines(
        self, number: int, start: int, end: int, looks: Looks, *, is_timed: bool
    ) -> tuple[list[bytes], list[bytes]]:
        """Return those lines of a block that may be meant, between two numbers of lines, and their times if wanted."""
        block, before = self._blocks[number], self._starts[number]
        chosen = looks({channel for counts in block.frames.values() for channel in counts})
        if not chosen:
            return [], []
        text = self._text(number)
        if start > before or end < before + block.lines:
            lines = text.split(b"\n")[max(start - before, 0) : min(end - before, block.lines)]
            text = b"".join(line + b"\n" for line in lines)
        found = lines_with(text, chosen)
        return found, self._times(number, text, found) if is_timed else []

    def _times(self, number: int, text: bytes, found: list[bytes]) -> list[bytes]:
        """Return the steady time of each line that was found: the latest time up to there, of all lines of a text."""
        times: list[bytes] = []
        latest = format_time(self._latest[number - 1]).encode() if number else b""
        lines = text.split(b"\n")[:-1]
        for line, time in zip(lines, time_texts(lines), strict=True):
            latest = max(latest, time)
            if len(times) < len(found) and line == found[len(times)]:
                times.append(latest)
        return times

    def _decoded(self, lines: Sequence[bytes], times: Sequence[bytes]) -> list[TimedFrame]:
        """Return the received frames of lines, with their times if there are any."""
        received, number = ReceivedFrames(self._describe), self.number
        pieces = [([line], time) for line, time in zip(lines, times, strict=True)] if times else [(lines, b"")]
        decoded: list[TimedFrame] = []
        try:
            for piece, time in pieces:
                frames, infos = received.decode(piece)
                decoded += [(time, number, info, frame.payload) for frame, info in zip(frames, infos, strict=True)]
        except LineError as error:
            raise UnknownPastError from error
        return decoded

    def _text(self, number: int) -> bytes:
        if self._rest is not None and number == len(self._blocks) - 1:
            return self._rest
        if self._recording is None:
            self._recording = under_current_name(self._path, open_recording)
        text = self._recording.block_text(self._blocks[number])
        if text is None:
            raise UnknownPastError(f"block {number} of {self._path} is not what the index says")
        return text
