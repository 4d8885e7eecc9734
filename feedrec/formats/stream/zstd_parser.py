"""
A parser for zstd frames (RFC 8878).

The zstandard package decompresses, but it does not say where each frame and block of a stream begins and ends. That is
needed to say at which byte a file is damaged, to skip frames without decompressing them, and to bound memory against a
hostile file: a block never decompresses to more than 128 KiB, so feeding one block at a time bounds what comes out.
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
"""Maximum window of a frame in bytes; RFC 8878, 3.1.1.1.2, recommends that decoders support 8 MiB."""

MAX_FRAME_HEADER = 18
"""Maximum size of a zstd frame header in bytes, including the magic number."""

MAX_BLOCK = 1 << 17
"""Maximum size of a zstd block in bytes, compressed or not; RFC 8878, 3.1.1.2.4."""

BLOCK_HEADER = 3
"""Size of a zstd block header in bytes."""

MAGIC = b"\x28\xb5\x2f\xfd"
"""Magic number of a zstd frame with data, as it stands in a file."""

_SKIPPABLE_MAGIC_TAIL = b"\x2a\x4d\x18"  # the first byte is 0x50 to 0x5F
_SKIPPABLE_HEADER = 8
_CHECKSUM = 4
_RAW, _RLE, _COMPRESSED, _RESERVED = range(4)


class StreamDamage(Exception):  # noqa: N818  not an error of the program: decoders report it
    """The bytes of a stream are not what a writer of recordings wrote; `offset` is where that was found."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(offset, reason)
        self.offset = offset
        self.reason = reason


class Unpacked(NamedTuple):
    """The content of one block, not yet covered by a checksum, and whether the block is the last of its frame."""

    content: bytes
    is_last: bool


class FrameEnd(NamedTuple):
    """A complete frame, verified if it has a checksum; `skippable` is the magic number of a skippable frame."""

    start: int
    end: int
    skippable: int | None


def looks_like_zstd(head: bytes | bytearray) -> bool:
    """Return whether a file with these first bytes (four or more) begins with a zstd frame, skippable or not."""
    return head[:4] == MAGIC or (head[1:4] == _SKIPPABLE_MAGIC_TAIL and head[0] >> 4 == 5)


class ZstdWalker:
    """
    Push parser for a stream of zstd frames: bytes in, blocks and ends of frames out.

    Args:
        max_window: Maximum window of a frame in bytes.
        start: Offset in the file of the first byte it is fed.

    Attributes:
        offset: Offset up to which everything was parsed.
        in_frame: Whether it is inside a frame.
        frame_start: Offset of the latest frame.

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
        """Bytes received that are not a complete piece yet."""
        return len(self._buffer)

    @property
    def has_checksum(self) -> bool:
        """Whether the latest frame has one."""
        return self._header.checksum > 0

    @property
    def is_torn(self) -> bool:
        """Whether the bytes received end within a block of data, or before the first block of a frame."""
        if not self.in_frame:
            return bool(self._buffer) and MAGIC.startswith(self._buffer[:4])
        return self._decompress is not None and not self._last_block_seen and (bool(self._buffer) or self._is_empty)

    def feed(self, data: bytes) -> Iterator[Unpacked | FrameEnd]:
        """
        Parse the next bytes of the stream; yield what is now complete. Exhaust it before the next call.

        Raises:
            StreamDamage: If the stream is damaged; the walker cannot continue after that.

        """
        self._buffer += data
        while (piece := self._next_piece()) is not None:
            if piece:
                yield piece

    def _next_piece(self) -> Unpacked | FrameEnd | tuple[()] | None:
        """Take one step; return a piece, an empty tuple if the step yields none, or None if more bytes are needed."""
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
            raise StreamDamage(self.frame_start, f"corrupt zstd frame ({error})") from error


class FrameHeader(NamedTuple):
    """
    The header of a zstd frame.

    Attributes:
        size: Bytes of the header, including the magic number.
        skippable: Magic number of a skippable frame; None for a frame with data.
        to_skip: Bytes that follow the header of a skippable frame.
        checksum: Bytes of the checksum at the end of a frame with data.

    """

    size: int
    skippable: int | None = None
    to_skip: int = 0
    checksum: int = 0


def read_frame_header(head: bytes | bytearray, offset: int, max_window: int = MAX_WINDOW) -> FrameHeader | None:
    """
    Parse the header of a zstd frame.

    Args:
        head: The first bytes of the frame; `MAX_FRAME_HEADER` are always enough.
        offset: Their offset in the file.
        max_window: Maximum window of a frame in bytes.

    Returns:
        None if more bytes are needed.

    Raises:
        StreamDamage: If it is not one, or no recording can have it.

    """
    if len(head) < 4:
        return None
    if not looks_like_zstd(head):
        raise StreamDamage(offset, "not a zstd frame")
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
        raise StreamDamage(offset, f"corrupt zstd frame header ({error})") from error
    if parameters.window_size > max_window:
        window = parameters.window_size
        raise StreamDamage(offset, f"a zstd frame needs a window of {window} bytes; the limit is {max_window}")
    if parameters.dict_id:
        raise StreamDamage(offset, "a zstd frame needs a dictionary, which no recording has")
    return FrameHeader(size, checksum=_CHECKSUM if head[4] & 0x04 else 0)


def stored_size(head: bytes | bytearray, offset: int) -> tuple[int, bool]:
    """
    Parse a block header: return the number of bytes after it, and whether the block is the last of its frame.

    Raises:
        StreamDamage: With this offset, if the block is of the reserved type, or too large.

    """
    header = int.from_bytes(head[:BLOCK_HEADER], "little")
    kind, size = header >> 1 & 3, header >> 3
    if kind == _RESERVED:
        raise StreamDamage(offset, "a zstd block has the reserved type")
    if size > MAX_BLOCK:
        raise StreamDamage(offset, f"a zstd block has {size} bytes; the limit is {MAX_BLOCK}")
    return (1 if kind == _RLE else size), bool(header & 1)


def _frame_header_size(head: bytes | bytearray) -> int | None:
    """Return the size of the frame header that `head` begins with; None if more bytes are needed."""
    if len(head) < 5:
        return None
    descriptor = head[4]
    single_segment = descriptor >> 5 & 1
    window = 0 if single_segment else 1
    dictionary = (0, 1, 2, 4)[descriptor & 3]
    content_size = (single_segment, 2, 4, 8)[descriptor >> 6]
    return 5 + window + dictionary + content_size
