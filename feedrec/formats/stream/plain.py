"""Uncompressed lines: the format `.jsonl`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..line.index import Mark
from .line_splitter import LineSplitter
from .protocols import MAX_LINE, NOTHING_PENDING, Pending
from .zstd_parser import StreamDamage

__all__ = ["PlainDecoder", "PlainEncoder"]


class PlainEncoder:
    """Encodes lines as they are."""

    def begin(self, header: bytes) -> bytes:
        return self.add([header])

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:  # noqa: ARG002
        return b"\n".join([*lines, b""]) if lines else b""

    def flush(self) -> bytes:
        return b""

    def finish(self) -> bytes:
        return b""

    @property
    def pending(self) -> Pending:
        return NOTHING_PENDING


class PlainDecoder:
    """Decodes uncompressed JSONL; `max_line` and `start` as for `BlockDecoder`."""

    def __init__(self, max_line: int = MAX_LINE, *, start: int = 0) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table: bool | None = False
        self._splitter = LineSplitter(max_line)
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

    def offset_of_line(self, before: Sequence[bytes]) -> int:
        return self._lines_start + sum(len(line) + 1 for line in before)

    @property
    def unfinished(self) -> int | None:
        return self._offset - self._splitter.held if self._splitter.held else None
