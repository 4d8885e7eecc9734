"""Small recordings of lines, as files."""

from __future__ import annotations

from pathlib import Path

from feedrec.errors import DamagedRecordingError
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record

START = 1_795_280_400 * NANOSECONDS


HEADER = Header("coinbase-advanced", url="wss://example.test", created=START)


def record(number: int) -> Record:
    if number % 5 == 0:
        return Event(START + number, 0, "clock", {"monotonic": number})
    return Frame(START + number, 0, b'{"number":%d}' % number)


def encode(one: Record) -> bytes:
    return encode_frame(one) if isinstance(one, Frame) else encode_event(one)


RECORDS = [record(number) for number in range(30)]


MANY = [record(number) for number in range(20_000)]  # more than one read of the file


def recording(path: Path, records: list[Record] = RECORDS, *, block_size: int = 400) -> Path:
    """Write a recording of several small blocks."""
    encoder = BlockEncoder(block_size=block_size)
    stream = encoder.add([encode_header(HEADER), *map(encode, records)])
    path.write_bytes(stream + encoder.finish())
    return path


def plain(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def read_all(path: Path) -> tuple[list[Record], DamagedRecordingError | None]:
    """Give what can be read, and the damage met after it."""
    records = []
    try:
        with RecordingReader(path) as reader:
            for one in reader:
                records.append(one)  # noqa: PERF402  what came before an error counts
    except DamagedRecordingError as error:
        return records, error
    return records, None
