"""Uncompressed lines: the format `.jsonl`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..line.frame_run import FrameRun
from ..line.index import Mark
from .line_splitter import LineSplitter
from .protocols import MAX_LINE, NOTHING_PENDING, Pending
from .text_form import TextForm
from .whole_block import WholeBlock
from .zstd_parser import StreamDamage

__all__ = ["PlainDecoder", "PlainEncoder"]


class PlainEncoder:
    """Encodes lines as they are."""

    def begin(self, header: bytes) -> bytes:
        return self.add([header])

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:  # noqa: ARG002
        return b"\n".join([*lines, b""]) if lines else b""

    def add_run(self, run: FrameRun) -> bytes:
        return run.text

    def add_block(self, block: WholeBlock) -> None:  # noqa: ARG002
        return

    def flush(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        return b""

    @property
    def end_size(self) -> int | None:
        return 0

    @property
    def pending(self) -> Pending:
        return NOTHING_PENDING


class PlainDecoder:
    """Decodes uncompressed JSONL; `max_line`, `start` and `splitter` as for `BlockDecoder`."""

    def __init__(self, max_line: int = MAX_LINE, *, start: int = 0, splitter: LineSplitter | None = None) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table: bool | None = False
        self._splitter = splitter or LineSplitter(max_line, TextForm(), begins_file=not start)
        self._offset = start
        self._lines_start = start

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        if self.damage is not None:
            return
        start = self._offset - self._splitter.held
        try:
            lines = self._splitter.split(data, start)
        except StreamDamage as damage:
            self.damage = damage
            return
        self._offset += len(data)
        if lines:
            self._lines_start = start
            yield lines

    def take_unverified(self) -> list[bytes]:
        return []

    def take_last_line(self) -> list[bytes]:
        start = self._offset - self._splitter.held
        if lines := self._splitter.take_last_line():
            self._lines_start = start
        return lines

    @property
    def form(self) -> TextForm:
        return self._splitter.form

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        if self._splitter.starts:
            return self._lines_start + self._splitter.starts[len(before)]
        return self._lines_start + sum(len(line) + 1 for line in before)

    @property
    def unfinished(self) -> int | None:
        return self._offset - self._splitter.held if self._splitter.held else None
