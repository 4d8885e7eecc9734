"""
zstd frames, walked piece by piece (RFC 8878).

The zstandard package decompresses; what it does not tell is where each frame and block of a stream begins and ends, and
that is needed to say at which byte a file is damaged, to skip frames unread, and to bound memory against a hostile
file: a block never unpacks to more than 128 KiB, so feeding one block at a time bounds what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import zstandard

__all__ = ["MAX_WINDOW", "FrameEnd", "StreamDamage", "Unpacked", "ZstdWalker", "looks_like_zstd"]

MAX_WINDOW = 8 << 20
"""Bytes of history that a frame may ask a reader to keep; RFC 8878, 3.1.1.1.2, recommends to support 8 MiB."""

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE_MAGIC_TAIL = b"\x2a\x4d\x18"  # the first byte is 0x50 to 0x5F
_MAX_FRAME_HEADER = 18
_BLOCK_HEADER = 3
_CHECKSUM = 4
_RAW, _RLE, _COMPRESSED, _RESERVED = range(4)


class StreamDamage(Exception):  # noqa: N818  it is not an error of the program: decoders report it
    """The bytes of a stream are not those that a writer of recordings wrote; `offset` is where that was found."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason


class Unpacked(NamedTuple):
    """The content of one block, not yet covered by the checksum of its frame."""

    content: bytes


class FrameEnd(NamedTuple):
    """A frame is whole and, if it carries a checksum, verified."""

    start: int
    end: int
    skippable: bool


def looks_like_zstd(head: bytes | bytearray) -> bool:
    """Tell whether a file that begins with these bytes (four or more) begins with a zstd frame of either kind."""
    return head[:4] == _MAGIC or (head[1:4] == _SKIPPABLE_MAGIC_TAIL and head[0] >> 4 == 5)


class ZstdWalker:
    """
    Push parser for a stream of zstd frames: bytes in, blocks and ends of frames out.

    Attributes:
        offset: Byte offset in the stream up to which everything was understood.
        in_frame: Whether a frame has begun and not ended.
        frame_start: Byte offset of the frame that began last.

    """

    def __init__(self, max_window: int = MAX_WINDOW) -> None:
        self.offset = 0
        self.in_frame = False
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=max_window)
        self._max_window = max_window
        self._buffer = bytearray()
        self.frame_start = 0
        self._decompress: zstandard.ZstdDecompressionObj | None = None
        self._has_checksum = False
        self._last_block_seen = False
        self._to_skip = 0

    @property
    def pending(self) -> int:
        """Bytes received that do not make up a whole piece yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Unpacked | FrameEnd]:
        """
        Take the next bytes of the stream; give what became whole. Exhaust it before the next call.

        Raises:
            StreamDamage: If the stream is damaged; the walker cannot go on then.

        """
        self._buffer += data
        while (piece := self._next_piece()) is not None:
            if piece:
                yield piece

    def _next_piece(self) -> Unpacked | FrameEnd | tuple[()] | None:
        """One step: a piece, nothing to show for it (an empty tuple), or None when more bytes are needed."""
        if not self.in_frame:
            return self._begin_frame()
        if self._decompress is None:
            return self._skip()
        if self._last_block_seen:
            return self._end_frame(self._decompress)
        return self._unpack_block(self._decompress)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self.offset += size
        return taken

    def _begin_frame(self) -> tuple[()] | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        if not looks_like_zstd(buffer):
            raise StreamDamage(self.offset, "there is no zstd frame")
        if buffer[0] >> 4 == 5 and buffer[1:4] == _SKIPPABLE_MAGIC_TAIL:
            if len(buffer) < 8:
                return None
            self.frame_start = self.offset
            self._to_skip = int.from_bytes(self._take(8)[4:], "little")
            self._decompress = None
            self.in_frame = True
            return ()
        size = _frame_header_size(buffer)
        if size is None or len(buffer) < size:
            return None
        self._check_window(size)
        self.frame_start = self.offset
        self._has_checksum = bool(buffer[4] & 0x04)
        self._decompress = self._unpacker.decompressobj()
        self._last_block_seen = False
        self.in_frame = True
        self._unpack(self._decompress, self._take(size))
        return ()

    def _check_window(self, header_size: int) -> None:
        try:
            parameters = zstandard.get_frame_parameters(bytes(self._buffer[:header_size]))
        except zstandard.ZstdError as error:
            raise StreamDamage(self.offset, f"the header of a zstd frame is corrupt ({error})") from error
        if parameters.window_size > self._max_window:
            window = parameters.window_size
            raise StreamDamage(
                self.offset, f"a zstd frame asks for a window of {window} bytes, {self._max_window} is the limit"
            )
        if parameters.dict_id:
            raise StreamDamage(self.offset, "a zstd frame asks for a dictionary, recordings have none")

    def _skip(self) -> FrameEnd | tuple[()] | None:
        if self._to_skip:
            if not self._buffer:
                return None
            self._to_skip -= len(self._take(min(self._to_skip, len(self._buffer))))
            return ()
        self.in_frame = False
        return FrameEnd(self.frame_start, self.offset, skippable=True)

    def _unpack_block(self, decompress: zstandard.ZstdDecompressionObj) -> Unpacked | tuple[()] | None:
        if len(self._buffer) < _BLOCK_HEADER:
            return None
        header = int.from_bytes(self._buffer[:_BLOCK_HEADER], "little")
        kind, size = header >> 1 & 3, header >> 3
        if kind == _RESERVED:
            raise StreamDamage(self.offset, "a zstd block is of the reserved kind")
        stored = 1 if kind == _RLE else size
        if len(self._buffer) < _BLOCK_HEADER + stored:
            return None
        self._last_block_seen = bool(header & 1)
        content = self._unpack(decompress, self._take(_BLOCK_HEADER + stored))
        return Unpacked(content) if content else ()

    def _end_frame(self, decompress: zstandard.ZstdDecompressionObj) -> FrameEnd | None:
        if self._has_checksum:
            if len(self._buffer) < _CHECKSUM:
                return None
            self._unpack(decompress, self._take(_CHECKSUM))
        self.in_frame = False
        return FrameEnd(self.frame_start, self.offset, skippable=False)

    def _unpack(self, decompress: zstandard.ZstdDecompressionObj, data: bytes) -> bytes:
        try:
            return decompress.decompress(data)
        except zstandard.ZstdError as error:
            raise StreamDamage(self.frame_start, f"a zstd frame is corrupt ({error})") from error


def _frame_header_size(head: bytes | bytearray) -> int | None:
    """Bytes of the header of the zstd frame at `head`, magic included; None if that cannot be told yet."""
    if len(head) < 5:
        return None
    descriptor = head[4]
    single_segment = descriptor >> 5 & 1
    window = 0 if single_segment else 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    content_size = (single_segment, 2, 4, 8)[descriptor >> 6]
    return 5 + window + dictionary + content_size
