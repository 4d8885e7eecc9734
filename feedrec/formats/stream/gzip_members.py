"""
Lines to a gzip stream and back (RFC 1952), with zlib: the format `.jsonl.gz`.

`GzipEncoder` writes a separate member for each MiB of text or so, which every gzip reads as one stream. So the checksum
of a member verifies its lines before they are returned, as in `zstd_blocks.py`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from ..line.frame_run import FrameRun
from ..line.index import Mark
from ..line.payload.json_strings import joined
from .line_splitter import HeldLines, LineSplitter, text_pieces
from .protocols import MAX_LINE, NOTHING_PENDING, Pending
from .text_form import TextForm
from .whole_block import WholeBlock
from .zstd_blocks import BLOCK_SIZE
from .zstd_parser import StreamDamage

__all__ = ["DEFAULT_GZIP_LEVEL", "GzipDecoder", "GzipEncoder", "looks_like_gzip"]

DEFAULT_GZIP_LEVEL = 6
"""The default of gzip itself."""

_MAGIC = b"\x1f\x8b"
_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_PIECE = 1 << 18  # bytes decompressed at a time: a few bytes of a hostile file hold gigabytes
_LINES_AT_ONCE = 256


def looks_like_gzip(head: bytes) -> bool:
    """Return whether a file with these first bytes begins with a gzip member."""
    return head[:2] == _MAGIC


_MEMBER_END = 16
"""Bytes at most: an empty block, CRC-32 and size, and what was left of a byte (RFC 1951, RFC 1952)."""


class GzipEncoder:
    """
    Packs lines into gzip members of about `BLOCK_SIZE` bytes of text, each of whole lines.

    Args:
        level: gzip level, 1 to 9.

    """

    def __init__(self, level: int = DEFAULT_GZIP_LEVEL) -> None:
        self._level = level
        self._member: zlib._Compress | None = None
        self._size = 0
        self._pending = NOTHING_PENDING

    def begin(self, header: bytes) -> bytes:
        return self.add([header]) + self.flush()

    def add(self, lines: Sequence[bytes], marks: Sequence[Mark] = ()) -> bytes:  # noqa: ARG002
        return joined(self._packed(lines))

    def _packed(self, lines: Sequence[bytes]) -> Iterator[bytes]:
        for start in range(0, len(lines), _LINES_AT_ONCE):
            piece = lines[start : start + _LINES_AT_ONCE]
            self._pending = self._pending._replace(lines=self._pending.lines + len(piece))
            for text in text_pieces(piece):
                if self._member is None:
                    self._member = zlib.compressobj(self._level, wbits=_GZIP_FORMAT)
                data = self._member.compress(text)
                self._size += len(text)
                before = self._pending
                self._pending = before._replace(text=before.text + len(text), size=before.size + len(data))
                yield data
            if self._size >= BLOCK_SIZE:
                yield self.finish()

    def add_run(self, run: FrameRun) -> None:  # noqa: ARG002
        return

    def add_block(self, block: WholeBlock) -> None:  # noqa: ARG002
        return

    def flush(self) -> bytes:
        self._pending = NOTHING_PENDING
        return self._member.flush(zlib.Z_SYNC_FLUSH) if self._member else b""

    def finish(self) -> bytes:
        self._pending = NOTHING_PENDING
        if self._member is None:
            return b""
        rest = self._member.flush()
        self._member = None
        self._size = 0
        return rest

    @property
    def end_size(self) -> int | None:
        return _MEMBER_END

    @property
    def pending(self) -> Pending:
        return self._pending


class GzipDecoder:
    """
    Decodes a gzip stream of lines, of one member or of many.

    A cut between two members cannot be detected.

    Args:
        max_line: Maximum length of a line in bytes.
        splitter: Cuts the text into lines; None for one that leaves out what is beside them.

    """

    def __init__(self, max_line: int = MAX_LINE, *, splitter: LineSplitter | None = None) -> None:
        self.damage: StreamDamage | None = None
        self.ends_with_seek_table: bool | None = False
        self._splitter = splitter or LineSplitter(max_line, TextForm())
        self._lines = HeldLines(2 * BLOCK_SIZE)
        self._member: zlib._Decompress | None = None
        self._offset = 0
        self._member_start = 0

    def feed(self, data: bytes) -> Iterator[list[bytes]]:
        if self.damage is not None:
            return
        try:
            for content, is_last in self._unpack(data):
                self._lines.hold(self._splitter.split(content, self._member_start), len(content))
                if is_last:
                    self._lines.release()
                if lines := self._lines.take():
                    yield lines
        except StreamDamage as damage:
            self.damage = damage
            self._lines.drop()

    def take_unverified(self) -> list[bytes]:
        self._lines.release()
        return self._lines.take()

    def take_last_line(self) -> list[bytes]:
        return self._splitter.take_last_line()

    @property
    def form(self) -> TextForm:
        return self._splitter.form

    def offset_of_line(self, before: Sequence[bytes]) -> int:  # noqa: ARG002
        return self._member_start

    @property
    def in_member(self) -> bool:
        """Whether it is inside a member."""
        return self._member is not None

    @property
    def unfinished(self) -> int | None:
        return self._member_start if self._member is not None or self._splitter.held else None

    def _unpack(self, data: bytes) -> Iterator[tuple[bytes, bool]]:
        """Yield the content of the members in pieces, each with whether a member ends there."""
        while True:
            if self._member is None:
                rest = data.lstrip(b"\0") if self._offset else data  # padding, which gzip itself accepts
                self._offset += len(data) - len(rest)
                data = rest
                if not data:
                    return
                self._member = zlib.decompressobj(_GZIP_FORMAT)
                self._member_start = self._offset
            try:
                content = self._member.decompress(data, _PIECE)
            except zlib.error as error:
                raise StreamDamage(self._member_start, f"corrupt gzip member ({error})") from error
            is_last = self._member.eof
            rest = self._member.unused_data if is_last else self._member.unconsumed_tail
            self._offset += len(data) - len(rest)
            data = rest
            if is_last:
                self._member = None
            if content or is_last:
                yield content, is_last
            if not data and len(content) < _PIECE and not is_last:
                return
