"""What a finished recording says of itself, from both ends of the file: nothing between them is read."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import zstandard

from ...errors import LineError
from ...model import Header
from ..facts.file_facts import FileFacts, decode_facts
from ..file.names import is_part
from ..file.opening import begins_as_parquet
from ..file.recording_file import RecordingFile
from ..line.codec import decode_header
from ..line.index import Index, IndexedBlock, read_index
from ..stream.zstd_parser import BLOCK_HEADER, StreamDamage, looks_like_zstd, read_frame_header, stored_size

__all__ = ["Glance", "glance"]

_BEGINNING = 1 << 12
_PARQUET_BATCH = 1024  # lines that its reader returns first


class Glance(NamedTuple):
    """
    What was seen of a recording.

    Attributes:
        path: The file.
        header: Its first line.
        header_line: The first line as it stands in the file.
        size: Bytes in the file.
        facts: What is in it.
        blocks: What its index says of its blocks; Parquet has none.

    """

    path: Path
    header: Header
    header_line: bytes
    size: int
    facts: FileFacts
    blocks: Sequence[IndexedBlock] | None = None


def glance(path: Path) -> Glance | None:
    """
    Return what a finished recording says of itself; None if that is nothing, or does not fit the file.

    Raises:
        RecordingError: If it cannot be opened, or is damaged in a way that shows.

    """
    file = RecordingFile(path)
    try:
        if is_part(path) or file.is_locked():
            return None
        beginning = file.read_at(0, _BEGINNING)
        if begins_as_parquet(beginning):
            return _glance_at_parquet(path)
        if not looks_like_zstd(beginning):
            return None
        size = file.size()
        index = read_index(file.read_at, size)
        facts = None if index is None or index.summary is None else decode_facts(index.summary)
        if index is None or facts is None or not _adds_up(index, facts):
            return None
        seen = _seen(path, _first_line(file, beginning), size, facts)
        return None if seen is None else seen._replace(blocks=index.blocks)
    finally:
        file.close()


def _adds_up(index: Index, facts: FileFacts) -> bool:
    """Whether a summary says what the rows of the index add up to."""
    in_rows: Counter[str] = Counter()
    for block in index.blocks:
        for counts in block.frames.values():
            in_rows.update(counts)
    channels: Counter[str] = Counter()
    for one in facts.channels:
        channels[one.channel] += one.frames
    return (
        facts.text == sum(block.text for block in index.blocks)
        and facts.frames + facts.sent + sum(facts.events.values()) == index.lines
        and channels == in_rows
    )


def _seen(path: Path, header_line: bytes, size: int, facts: FileFacts) -> Glance | None:
    if zlib.crc32(header_line) != facts.header:
        return None
    try:
        return Glance(path, decode_header(header_line), header_line, size, facts)
    except LineError:
        return None


def _first_line(file: RecordingFile, beginning: bytes) -> bytes:
    """Return the line in the first zstd block of a file, where feedrec has its header; empty if there is none."""
    try:
        header = read_frame_header(beginning, 0)
        if header is None or header.skippable is not None:
            return b""
        stored, _ = stored_size(beginning[header.size : header.size + BLOCK_HEADER], 0)
        end = header.size + BLOCK_HEADER + stored
        data = beginning[:end] if end <= len(beginning) else file.read_at(0, end)
        text = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    except (StreamDamage, zstandard.ZstdError):
        return b""
    return text.removesuffix(b"\n")


def _glance_at_parquet(path: Path) -> Glance | None:
    from ..file.parquet.parquet_recording import ParquetRecording  # noqa: PLC0415  loads pyarrow

    with ParquetRecording(path) as recording:
        facts = None if recording.summary is None else decode_facts(recording.summary)
        reading = None if facts is None else facts.first_reading
        if facts is None or (reading is not None and reading.line >= _PARQUET_BATCH):
            return None
        return _seen(path, recording.header_line, recording.size, facts)
