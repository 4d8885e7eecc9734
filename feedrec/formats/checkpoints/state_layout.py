"""
The bytes of a file of checkpoints: states, each a zstd frame by itself, then a directory of them. Pure.

docs/format.md is normative. The directory is found from the end, and has the place and a CRC of each state, so a reader
reads the directory and the states that it needs. Whatever is larger than its limit, or does not match, is damage.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import msgspec
import zstandard

__all__ = [
    "MAX_BEFORE",
    "MAX_STATE",
    "Blob",
    "Checkpoint",
    "Directory",
    "FileIdentity",
    "StateDamageError",
    "decode_blob",
    "encode_blob",
    "encode_directory",
    "read_directory",
]

MAX_STATE = 32 << 20
"""Bytes of the state of one channel and product; one that is larger is not written."""

MAX_BEFORE = 1000
"""Earlier files on which a state may depend."""

DIRECTORY_MAGIC = 0x184D2A5C
"""Magic number of the skippable zstd frame (RFC 8878, 3.1.2) that is the directory."""

_MAX_DIRECTORY = 16 << 20  # bytes decompressed
_SIGNATURE = b"fdstate\x01"
_SKIPPABLE = struct.Struct("<II")
_NUMBER = struct.Struct("<I")
_LEAST = _SKIPPABLE.size + len(_SIGNATURE) + 2 * _NUMBER.size
_LEVEL = 3


class StateDamageError(ValueError):
    """A file of checkpoints, or a state in it, is not what a writer would have written."""


class FileIdentity(msgspec.Struct, frozen=True, array_like=True):
    """
    What no other finished recording has.

    Attributes:
        size: Bytes in the file.
        crc: CRC-32 of its index and seek table, which has that of every block.

    """

    size: int
    crc: int


class Blob(msgspec.Struct, frozen=True, array_like=True):
    """
    The state of one channel and product at a checkpoint.

    Attributes:
        channel: The channel.
        product: The product.
        offset: Where its zstd frame begins in the file.
        size: Bytes of that.
        text: Bytes of what is in it.
        crc: CRC-32 of the zstd frame.
        since: How many files back the snapshot is that it goes back to; 0 if that is in the same file.

    """

    channel: str
    product: str
    offset: int
    size: int
    text: int
    crc: int
    since: int = 0


class Checkpoint(msgspec.Struct, frozen=True):
    """
    The states at one place.

    Attributes:
        lines: Lines before that place, not counting the header.
        time: A wall time in nanoseconds: all lines before it are before the place.
        blobs: What is known there. Of what is not listed nothing is said.

    """

    lines: int
    time: int
    blobs: list[Blob]


class Directory(msgspec.Struct, frozen=True):
    """
    What a file of checkpoints has.

    Attributes:
        kind: What wrote the states, and in which version.
        recording: The recording that it is about.
        checkpoints: By place.
        before: The files before it on which its states depend, the last one first.

    """

    kind: str
    recording: FileIdentity
    checkpoints: list[Checkpoint]
    before: list[FileIdentity] = []


class _Head(msgspec.Struct):
    """The first line of the directory."""

    checkpoints: int
    kind: str
    recording: FileIdentity
    before: list[FileIdentity] = []


_encode = msgspec.json.encode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_rows = msgspec.json.Decoder(Checkpoint).decode_lines


def encode_blob(state: bytes) -> bytes:
    """Return a state as a zstd frame."""
    return zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True).compress(state)


def decode_blob(blob: Blob, data: bytes) -> bytes:
    """
    Return a state from its zstd frame.

    Raises:
        StateDamageError: If it does not match.

    """
    if len(data) != blob.size or zlib.crc32(data) != blob.crc:
        raise StateDamageError(f"the state of {blob.channel} {blob.product} does not match its CRC")
    return _decompress(data, blob.text)


def encode_directory(directory: Directory) -> bytes:
    """Return a directory as a skippable frame, the last of the file."""
    head = _Head(len(directory.checkpoints), directory.kind, directory.recording, directory.before)
    text = b"\n".join([_encode(head), *map(_encode, directory.checkpoints), b""])
    if len(text) > _MAX_DIRECTORY:
        raise StateDamageError(f"the directory has more than {_MAX_DIRECTORY} bytes")
    packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True, write_content_size=True).compress(text)
    size = _LEAST + len(packed)
    tail = packed + _NUMBER.pack(size)
    content = _SIGNATURE + _NUMBER.pack(zlib.crc32(tail)) + tail
    return _SKIPPABLE.pack(DIRECTORY_MAGIC, len(content)) + content


def read_directory(read_at: Callable[[int, int], bytes], size: int) -> Directory:
    """
    Read the directory of a file of checkpoints.

    Args:
        read_at: Returns, for an offset in the file and a size, so many bytes.
        size: Bytes in the file.

    Raises:
        StateDamageError: If there is none, or what it says is not possible.

    """
    if size < _LEAST:
        raise StateDamageError("it is cut off")
    (length,) = _NUMBER.unpack(read_at(size - _NUMBER.size, _NUMBER.size).ljust(_NUMBER.size, b"\0"))
    if not _LEAST <= length <= min(size, _MAX_DIRECTORY):
        raise StateDamageError("there is no directory at its end")
    directory = _decode_directory(read_at(size - length, length), length)
    _check(directory, size - length)
    return directory


def _decode_directory(frame: bytes, length: int) -> Directory:
    content = frame[_SKIPPABLE.size :]
    is_frame = len(frame) == length and _SKIPPABLE.unpack_from(frame) == (DIRECTORY_MAGIC, len(content))
    if not is_frame or not content.startswith(_SIGNATURE):
        raise StateDamageError("there is no directory at its end")
    (crc,) = _NUMBER.unpack_from(content, len(_SIGNATURE))
    tail = content[len(_SIGNATURE) + _NUMBER.size :]
    if zlib.crc32(tail) != crc:
        raise StateDamageError("the directory does not match its CRC")
    text = _decompress(tail[: -_NUMBER.size], None)
    head_line, _, rows = text.partition(b"\n")
    try:
        head = _decode_head(head_line)
        checkpoints = _decode_rows(rows)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise StateDamageError(f"the directory cannot be decoded: {error}") from error
    if len(checkpoints) != head.checkpoints:
        raise StateDamageError(f"the directory has {len(checkpoints)} checkpoints, but says {head.checkpoints}")
    return Directory(head.kind, head.recording, checkpoints, head.before)


def _check(directory: Directory, end: int) -> None:
    """Refuse what no writer writes: places that do not follow each other, states outside of the file."""
    lines = 0
    for one in directory.checkpoints:
        if one.lines <= lines or one.time < 0:
            raise StateDamageError("the places of its checkpoints do not follow each other")
        lines = one.lines
        if not all(_is_possible(blob, end, len(directory.before)) for blob in one.blobs):
            raise StateDamageError("a state is said to be where it cannot be")
    if len(directory.before) > MAX_BEFORE:
        raise StateDamageError(f"it depends on more than {MAX_BEFORE} files")


def _is_possible(blob: Blob, end: int, before: int) -> bool:
    has_place = blob.offset >= 0 and blob.size > 0 and blob.offset + blob.size <= end
    return has_place and 0 <= blob.text <= MAX_STATE and 0 <= blob.since <= before


def _decompress(data: bytes, size: int | None) -> bytes:
    """Decompress a zstd frame of a known size; None for that of any directory."""
    try:
        said = zstandard.get_frame_parameters(data).content_size
        if not 0 <= said <= _MAX_DIRECTORY if size is None else said != size:
            raise StateDamageError("it is larger than it may be")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise StateDamageError(f"it cannot be decompressed: {error}") from error
