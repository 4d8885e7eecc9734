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

__all__ = [
    "BLOCK_HEADER",
    "MAGIC",
    "MAX_BLOCK",
    "MAX_FRAME_HEADER",
    "MAX_WINDOW",
    "FrameEnd",
    "FrameHeader",
    "StreamDamage",
    "Unpacked",
    "ZstdWalker",
    "looks_like_zstd",
    "read_frame_header",
    "stored_size",
]

MAX_WINDOW = 8 << 20
"""Bytes of history that a frame may ask a reader to keep; RFC 8878, 3.1.1.1.2, recommends to support 8 MiB."""

MAX_FRAME_HEADER = 18
"""Bytes that the header of a zstd frame may have, magic number included."""

MAX_BLOCK = 1 << 17
"""Bytes that a zstd block may have, stored or unpacked; RFC 8878, 3.1.1.2.4."""

BLOCK_HEADER = 3
"""Bytes of the header of a zstd block."""

MAGIC = b"\x28\xb5\x2f\xfd"
"""What a zstd frame with data begins with."""

_SKIPPABLE_MAGIC_TAIL = b"\x2a\x4d\x18"  # the first byte is 0x50 to 0x5F
_SKIPPABLE_HEADER = 8
_CHECKSUM = 4
_RAW, _RLE, _COMPRESSED, _RESERVED = range(4)


class StreamDamage(Exception):  # noqa: N818  it is not an error of the program: decoders report it
    """The bytes of a stream are not those that a writer of recordings wrote; `offset` is where that was found."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason


class Unpacked(NamedTuple):
    """The content of one block, not yet covered by the checksum of its frame; whether it is the last of its frame."""

    content: bytes
    is_last: bool


class FrameEnd(NamedTuple):
    """A frame is whole and, if it carries a checksum, verified; `skippable` is the magic number of one without data."""

    start: int
    end: int
    skippable: int | None


def looks_like_zstd(head: bytes | bytearray) -> bool:
    """Tell whether a file that begins with these bytes (four or more) begins with a zstd frame of either kind."""
    return head[:4] == MAGIC or (head[1:4] == _SKIPPABLE_MAGIC_TAIL and head[0] >> 4 == 5)


class ZstdWalker:
    """
    Push parser for a stream of zstd frames: bytes in, blocks and ends of frames out.

    Args:
        max_window: Bytes of history that a frame may ask for.
        start: Byte offset in the file of the first byte that it is fed.

    Attributes:
        offset: Byte offset in the stream up to which everything was understood.
        in_frame: Whether a frame has begun and not ended.
        frame_start: Byte offset of the frame that began last.

    """

    def __init__(self, max_window: int = MAX_WINDOW, start: int = 0) -> None:
        self.offset = start
        self.in_frame = False
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=max_window)
        self._max_window = max_window
        self._buffer = bytearray()
        self.frame_start = start
        self._decompress: zstandard.ZstdDecompressionObj | None = None
        self._header = FrameHeader(0)
        self._last_block_seen = False
        self._is_empty = True
        self._to_skip = 0

    @property
    def pending(self) -> int:
        """Bytes received that do not make up a whole piece yet."""
        return len(self._buffer)

    @property
    def has_checksum(self) -> bool:
        """Whether the frame that began last carries one."""
        return self._header.checksum > 0

    @property
    def is_torn(self) -> bool:
        """Whether the bytes received end within a block of content, or before the first of a frame."""
        if not self.in_frame:
            return bool(self._buffer) and MAGIC.startswith(self._buffer[:4])
        return self._decompress is not None and not self._last_block_seen and (bool(self._buffer) or self._is_empty)

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
        header = read_frame_header(self._buffer[:MAX_FRAME_HEADER], self.offset, self._max_window)
        if header is None:
            return None
        self.frame_start = self.offset
        self.in_frame = True
        self._header = header
        head = self._take(header.size)
        self._to_skip = header.to_skip
        self._last_block_seen = False
        self._is_empty = True
        self._decompress = None
        if header.skippable is None:
            self._decompress = self._unpacker.decompressobj()
            self._unpack(self._decompress, head)
        return ()

    def _skip(self) -> FrameEnd | tuple[()] | None:
        if self._to_skip:
            if not self._buffer:
                return None
            self._to_skip -= len(self._take(min(self._to_skip, len(self._buffer))))
            return ()
        self.in_frame = False
        return FrameEnd(self.frame_start, self.offset, self._header.skippable)

    def _unpack_block(self, decompress: zstandard.ZstdDecompressionObj) -> Unpacked | tuple[()] | None:
        if len(self._buffer) < BLOCK_HEADER:
            return None
        stored, is_last = stored_size(self._buffer, self.offset)
        if len(self._buffer) < BLOCK_HEADER + stored:
            return None
        self._last_block_seen = is_last
        self._is_empty = False
        content = self._unpack(decompress, self._take(BLOCK_HEADER + stored))
        return Unpacked(content, self._last_block_seen) if content else ()

    def _end_frame(self, decompress: zstandard.ZstdDecompressionObj) -> FrameEnd | None:
        checksum = self._header.checksum
        if checksum:
            if len(self._buffer) < checksum:
                return None
            self._unpack(decompress, self._take(checksum))
        self.in_frame = False
        return FrameEnd(self.frame_start, self.offset, None)

    def _unpack(self, decompress: zstandard.ZstdDecompressionObj, data: bytes) -> bytes:
        try:
            return decompress.decompress(data)
        except zstandard.ZstdError as error:
            raise StreamDamage(self.frame_start, f"a zstd frame is corrupt ({error})") from error


class FrameHeader(NamedTuple):
    """
    The header of a zstd frame.

    Attributes:
        size: Bytes of the header, magic number included.
        skippable: Magic number of a frame without data; None for one with data.
        to_skip: Bytes that follow the header of a frame without data.
        checksum: Bytes of the checksum at the end of a frame with data.

    """

    size: int
    skippable: int | None = None
    to_skip: int = 0
    checksum: int = 0


def read_frame_header(head: bytes | bytearray, offset: int, max_window: int = MAX_WINDOW) -> FrameHeader | None:
    """
    Read the header of a zstd frame.

    Args:
        head: The first bytes of the frame; `MAX_FRAME_HEADER` are always enough.
        offset: Where in the file they stand.
        max_window: Bytes of history that a frame may ask for.

    Returns:
        None if more bytes are needed.

    Raises:
        StreamDamage: If it is none, or one that no recording has.

    """
    if len(head) < 4:
        return None
    if not looks_like_zstd(head):
        raise StreamDamage(offset, "there is no zstd frame")
    if head[:4] != MAGIC:
        if len(head) < _SKIPPABLE_HEADER:
            return None
        to_skip = int.from_bytes(head[4:8], "little")
        return FrameHeader(_SKIPPABLE_HEADER, int.from_bytes(head[:4], "little"), to_skip)
    size = _frame_header_size(head)
    if size is None or len(head) < size:
        return None
    try:
        parameters = zstandard.get_frame_parameters(bytes(head[:size]))
    except zstandard.ZstdError as error:
        raise StreamDamage(offset, f"the header of a zstd frame is corrupt ({error})") from error
    if parameters.window_size > max_window:
        window = parameters.window_size
        raise StreamDamage(offset, f"a zstd frame asks for a window of {window} bytes, {max_window} is the limit")
    if parameters.dict_id:
        raise StreamDamage(offset, "a zstd frame asks for a dictionary, recordings have none")
    return FrameHeader(size, checksum=_CHECKSUM if head[4] & 0x04 else 0)


def stored_size(head: bytes | bytearray, offset: int) -> tuple[int, bool]:
    """
    Give the bytes that follow the three of a block header, and whether the block is the last of its frame.

    Raises:
        StreamDamage: If the block is of a kind that does not exist; `offset` is where it stands.

    """
    header = int.from_bytes(head[:BLOCK_HEADER], "little")
    kind, size = header >> 1 & 3, header >> 3
    if kind == _RESERVED:
        raise StreamDamage(offset, "a zstd block is of the reserved kind")
    if size > MAX_BLOCK:
        raise StreamDamage(offset, f"a zstd block has {size} bytes, {MAX_BLOCK} is the limit")
    return (1 if kind == _RLE else size), bool(header & 1)


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
