"""A small recording with everything in it, and what reading, verifying and repairing it gives."""

from __future__ import annotations

from pathlib import Path

from feedrec.errors import DamagedRecordingError
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.file.line_reader import RecordingReader
from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.http_events import http_event
from feedrec.formats.line.index import Index, find_index, mark_of
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.formats.tools.repair import Repair, repair_recording
from feedrec.formats.tools.verify import Verification, verify_recording
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Record

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("test", url="wss://example.test", created=START)


def record(number: int) -> Record:
    time, conn = START + number // 2, number % 2
    if number == 14:
        return http_event(HttpExchange(time, START, "GET", "https://rest.test/", HttpAnswer(200, b'[ {"number":14} ]')))
    if number % 7 == 0:
        return Event(time, conn, "open" if number < 8 else "note", {"number": number})
    if number % 7 == 3:
        return Frame(time, conn, bytes([number, 255, 0]), binary=True)
    if number % 7 == 5:
        return Frame(time, conn, b"no json %d" % number, direction="out")
    return Frame(time, conn, b'{"number":%d}' % number)


RECORDS = [record(number) for number in range(20)]


def encode(one: Record) -> bytes:
    return encode_frame(one) if isinstance(one, Frame) else encode_event(one)


LINES = [encode(one) for one in RECORDS]


def describe(payload: bytes) -> FrameInfo:
    return FrameInfo("numbers", ("A",), kind="snapshot" if payload.endswith(b"1}") else "update")


def rules_for(_: str) -> Rules:
    return Rules(describe)


def pack(records: list[Record] = RECORDS, *, block_size: int = 400, header: Header = HEADER) -> bytes:
    """Give a recording of several small blocks, as the recorder writes it."""
    encoder = BlockEncoder(block_size=block_size)
    stream = encoder.begin(encode_header(header))
    for one in records:
        info = describe(one.payload) if isinstance(one, Frame) and not one.binary else None
        stream += encoder.add([encode(one)], [mark_of(one, info)])
    return stream + encoder.finish()


def index_of(data: bytes) -> Index:
    return find_index(lambda offset, size: data[offset : offset + size], len(data))


def read_lines(path: Path) -> tuple[list[bytes], DamagedRecordingError | None]:
    """Give the lines that can be read, and the damage met after them."""
    lines = []
    try:
        with RecordingReader(path) as reader:
            for line, _ in reader.lines_with_records():
                lines.append(line)
    except DamagedRecordingError as error:
        return lines, error
    return lines, None


def verify(path: Path, *, max_line: int = 64 << 20) -> Verification:
    return verify_recording(path, lambda _: Rules(describe), max_line=max_line)


def repair(path: Path, output: Path, *, keep_unverified: bool = False, max_line: int = 64 << 20) -> Repair:
    return repair_recording(
        path,
        output,
        rules_for=rules_for,
        overwrite=True,
        keep_unverified=keep_unverified,
        max_line=max_line,
    )
