"""
Write the golden recordings in tests/golden, and what a reader must find in each.

    python scripts/make_golden.py [FOLDER]

Expectations are derived from what was put in, not from what feedrec reads. Each NAME has a NAME.expected.json with
`header`, `records`, the error after them (`damage`, null if none), and the rows of the index (`index`, null if none).
"""

from __future__ import annotations

import base64
import json
import sys
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from feedrec.formats.line.codec import encode_event, encode_frame, encode_header
from feedrec.formats.line.http_events import BODY_KEYS, HTTP, exchange_of, http_event
from feedrec.formats.line.index import mark_of
from feedrec.formats.stream.gzip_members import GzipEncoder
from feedrec.formats.stream.parquet_encoder import ParquetEncoder
from feedrec.formats.stream.zstd_blocks import BlockEncoder
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, Header, Kind, Record, format_time

TARGET = Path(__file__).parents[1] / "tests" / "golden"
START = 1_795_280_400 * NANOSECONDS
BLOCK = 700

HEADER = Header(
    "coinbase-advanced",
    "wss://advanced-trade-ws.coinbase.com",
    START,
    "feedrec golden",
    [{"channel": "level2", "products": ["BTC-USD"]}, {"channel": "heartbeats"}],
    {"unknown": {"key": [1, 2.5, "ä"]}},
)

SNAPSHOT = (
    b'{"channel":"l2_data","client_id":"","timestamp":"2026-11-21T17:00:00.3Z","sequence_num":0,"events":'
    b'[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2026-11-21T17:00:00Z",'
    b'"price_level":"99999.99","new_quantity":"0.5"}]}]}'
)
UPDATE = SNAPSHOT.replace(b"snapshot", b"update").replace(b'"0.5"', b'"0"')
BEAT = b'{"channel":"heartbeats","sequence_num":%d,"events":[{"heartbeat_counter":%d}]}'


def records() -> list[tuple[Record, FrameInfo | None]]:
    """Return one of everything that the format can hold."""
    frames: list[tuple[bytes, str, tuple[str, ...], Kind]] = [
        (SNAPSHOT, "level2", ("BTC-USD",), "snapshot"),
        (BEAT % (1, 7), "heartbeats", (), "heartbeat"),
        (UPDATE, "level2", ("BTC-USD",), "update"),
        (
            b'{ "spaces" : [ 1 , 2 ] , "order": {"z":1,"a":2}, "twice":1, "twice":2, "n":1.50e+03 }',
            "",
            (),
            "other",
        ),
        ('{"text":"\\u00e4 ä \\/ \U0001f600"}'.encode(), "", (), "other"),
        (b"-0.0", "", (), "other"),
        (b'"a string"', "", (), "other"),
        (b" [1]", "", (), "other"),
        (b'{"a":1}\n', "", (), "other"),
        (b"not json", "", (), "other"),
        (b"", "", (), "other"),
        (b"\xff\xfe not utf-8", "", (), "other"),
        (b"[" * 99 + b"]" * 99, "", (), "other"),
        (b"[" * 100 + b"]" * 100, "", (), "other"),
        (b'"\\ud800"', "", (), "other"),
    ]
    made: list[tuple[Record, FrameInfo | None]] = [
        (Event(START, 0, "clock", {"wall": START, "monotonic": 86_400 * NANOSECONDS}), None),
        (Event(START, 0, "open", {"url": HEADER.url, "address": "127.0.0.1:443"}), None),
        (Frame(START + 1, 0, b'{"type":"subscribe","jwt":"[redacted]"}', "out", redacted=True), None),
    ]
    for number, (payload, channel, products, kind) in enumerate(frames):
        made.append((Frame(START + 2 + number // 3, 0, payload), FrameInfo(channel, products, kind=kind)))
    return [
        *made,
        (Frame(START + 10, 0, b'{"binary":"json"}', binary=True), FrameInfo()),
        (Frame(START + 10, 0, bytes(range(256)), binary=True), FrameInfo()),
        (Event(START + 11, 0, "gap", {"expected": 3, "received": 9, "missing": 6}), None),
        (Event(START + 12, 0, "close", {"code": 1006, "reason": ""}), None),
        (Event(START - 5, 1, "clock", {"wall": START - 5, "monotonic": 86_400 * NANOSECONDS + 13}), None),
        (Event(START - 5, 1, "open", {"url": HEADER.url}), None),
        (Frame(START - 4, 1, SNAPSHOT, synthetic=True), FrameInfo("level2", ("BTC-USD",), kind="snapshot")),
        (Frame(START - 3, 1, UPDATE, unverified=True), FrameInfo("level2", ("BTC-USD",), kind="update")),
        (Event(START - 2, 1, "of a later version", {"unknown": [None, True]}), None),
        (Event(START - 1, 1, "close", {"code": 1000, "reason": "done"}), None),
    ]


def requests() -> list[tuple[Record, FrameInfo | None]]:
    """Return requests with bodies of every kind among frames; and, last, one that is none."""
    bodies = [
        b'{ "spaces" : [ 1.50 ] , "twice":1, "twice":2}',
        b'{"a":1}\n',
        b"\xff\x00",
        b"null",
        b"",
        b"[" * 100 + b"]" * 100,
    ]
    made: list[tuple[Record, FrameInfo | None]] = []
    for number, body in enumerate(bodies):
        time = START + number
        headers = (("cb-after", "7"), ("link", "<a>"), ("link", "<b>")) if number else ()
        answer = HttpAnswer(200 + number, body, "text/plain" if number % 2 else "", headers)
        exchange = HttpExchange(
            time, START - 5, "POST", "https://rest.test/\u00e4", answer, "x/y", body, redacted=number == 2
        )
        made += [(Frame(time, 0, BEAT % (number, 7)), FrameInfo("heartbeats")), (http_event(exchange), None)]
    return [*made, (Event(START + 9, None, HTTP, {"status": "none", "later": [1]}), None)]


def as_json(record: Record) -> dict[str, Any]:
    """Return what a reader must find, in terms that do not depend on feedrec."""
    common: dict[str, Any] = {"time": format_time(record.time), "conn": record.conn}
    if isinstance(record, Event) and record.name == HTTP:
        exchange = exchange_of(record)
        bodies = None if exchange is None else (exchange.sent, exchange.answer.body)
        return {
            **common,
            "event": HTTP,
            "details": {key: value for key, value in record.details.items() if key not in BODY_KEYS},
            "bodies": bodies and [base64.b64encode(body).decode() for body in bodies],
        }
    if isinstance(record, Event):
        return {**common, "event": record.name, "details": record.details}
    flags = {name: True for name in ("redacted", "synthetic", "unverified") if getattr(record, name)}
    payload = base64.b64encode(record.payload).decode()
    return {
        **common,
        "dir": record.direction,
        **flags,
        "op": "binary" if record.binary else "text",
        "payload_base64": payload,
    }


def expectation(
    count: int | None = None, damage: dict[str, Any] | None = None, index: Any = None, given: Any = None
) -> dict[str, Any]:
    """Return an expectation: the first `count` records, then damage, if any."""
    return {
        "header": json.loads(encode_header(HEADER)),
        "records": [as_json(record) for record, _ in (given or records())[:count]],
        "damage": damage,
        "index": index,
    }


def blocks_of(stream: bytes) -> list[tuple[int, bytes]]:
    """Return offset and bytes of each zstd frame with data, found with only the zstandard package."""
    found, offset = [], 0
    while stream[offset : offset + 4] == b"\x28\xb5\x2f\xfd":
        unpacker = zstandard.ZstdDecompressor().decompressobj()
        unpacker.decompress(stream[offset:])
        end = len(stream) - len(unpacker.unused_data)
        found.append((offset, stream[offset:end]))
        offset = end
    return found


def index_rows(stream: bytes, given: Sequence[tuple[Record, FrameInfo | None]]) -> list[dict[str, Any]]:
    """Return what the index must contain, derived from the records and the blocks."""
    rest = given
    rows = []
    for offset, packed in blocks_of(stream):
        text = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        lines = text.count(b"\n") - (offset == 0)
        here, rest = rest[:lines], rest[lines:]
        times = [record.time for record, _ in here]
        frames: dict[str, dict[str, int]] = {}
        for record, info in here:
            if info is not None:
                channels = frames.setdefault(str(record.conn), {})
                channels[info.channel] = channels.get(info.channel, 0) + 1
        snapshots = [
            [number, info.channel, list(info.products)]
            for number, (_, info) in enumerate(here)
            if info is not None and info.kind == "snapshot"
        ]
        asked = [number for number, (one, _) in enumerate(here) if isinstance(one, Event) and one.name == HTTP]
        rows.append(
            {
                "offset": offset,
                "size": len(packed),
                "text": len(text),
                "lines": lines,
                "crc": zlib.crc32(packed),
                "first": min(times, default=None),
                "last": max(times, default=None),
                "frames": frames,
                "snapshots": snapshots,
                **({"http": asked} if asked else {}),
            }
        )
    return rows


def _with_requests(header: bytes) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Return recordings with requests among the frames."""
    given = requests()
    lines = [encode_event(record) if isinstance(record, Event) else encode_frame(record) for record, _ in given]
    encoder = BlockEncoder(level=19, block_size=BLOCK)
    stream = encoder.begin(header) + encoder.add(lines, [mark_of(*one) for one in given]) + encoder.finish()
    text = b"".join(line + b"\n" for line in [header, *lines])
    return {
        "requests.jsonl.zst": (stream, expectation(index=index_rows(stream, given), given=given)),
        "requests.jsonl": (text, expectation(given=given)),
    }


def main() -> None:
    """Write all golden recordings."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    folder.mkdir(exist_ok=True)
    given = records()
    header = encode_header(HEADER)
    lines = [encode_event(record) if isinstance(record, Event) else encode_frame(record) for record, _ in given]
    marks = [mark_of(record, info) for record, info in given]
    encoder = BlockEncoder(level=19, block_size=BLOCK)
    stream = encoder.begin(header) + encoder.add(lines, marks) + encoder.finish()
    text = b"".join(line + b"\n" for line in [header, *lines])
    rows = index_rows(stream, given)
    second, third = rows[1], rows[2]
    middle = third["offset"] + third["size"] // 2
    flipped = bytearray(stream)
    flipped[middle] ^= 0x10

    gzip, parquet = GzipEncoder(level=9), ParquetEncoder(level=19, group_rows=10)
    members = gzip.begin(header) + gzip.add(lines[:9]) + gzip.finish() + gzip.add(lines[9:]) + gzip.finish()
    table = parquet.begin(header) + parquet.add(lines, marks) + parquet.finish()

    def damaged(kind: str, offset: int, count: int) -> dict[str, Any]:
        return expectation(count, {"kind": kind, "offset": offset, "last_time": format_time(given[count - 1][0].time)})

    good = rows[0]["lines"] + second["lines"]
    cut = text[: text.index(lines[9]) + 20]
    untidy = b"\xef\xbb\xbf" + b"\r\n\r\n".join([header, *lines])
    files: dict[str, tuple[bytes, dict[str, Any]]] = {
        "everything.jsonl.zst": (stream, expectation(index=rows)),
        "everything.jsonl": (text, expectation()),
        "everything.jsonl.gz": (members, expectation()),
        "everything.parquet": (table, expectation()),
        "one-frame.jsonl.zst": (zstandard.ZstdCompressor(level=19).compress(text), expectation()),
        "corrupt.jsonl.zst": (bytes(flipped), {**damaged("corrupt", third["offset"], good), "index": rows}),
        "no-index.jsonl.zst": (stream[: rows[-1]["offset"] + rows[-1]["size"]], damaged("truncated", 0, len(given))),
        "cut.jsonl": (cut, damaged("truncated", len(cut), 9)),
        "untidy.jsonl": (untidy, expectation()),
    }
    files["no-index.jsonl.zst"][1]["damage"]["offset"] = len(files["no-index.jsonl.zst"][0])
    rewritten = [json.dumps(dict(reversed(json.loads(line).items()))).encode() for line in lines[:2]]
    rewritten.append(
        b'{ "frame" : {"type":"subscribe","jwt":"[redacted]"} , "later":{"key":[1]}, "redacted" : true,"dir":"out",'
        b'"conn":0,"time":"2026-11-21T18:30:00.000000001+01:30"}'
    )
    files["rewritten.jsonl"] = (b"".join(line + b"\n" for line in [header, *rewritten]), expectation(3))
    files |= _with_requests(header)
    for name, (data, expected) in files.items():
        (folder / name).write_bytes(data)
        (folder / f"{name}.expected.json").write_bytes(msgspec.json.format(json.dumps(expected).encode(), indent=1))
    print(f"{folder}: {len(files)} recordings")


if __name__ == "__main__":
    main()
